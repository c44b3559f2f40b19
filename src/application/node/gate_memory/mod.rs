//! What the gate decides by (R24-R26). Nothing is answered from memory unless the database was asked, after the check began,
//! what was appended since; all checks that wait share that question. So a revocation is acknowledged as soon as it is
//! committed, no writer waits for any node, and no check that begins afterwards misses it: the protocol has no clock and no lease.
//! `tests/gate-model` checks it state by state.
//!
//! Gateways that hold verdicts ask the same, one level out: `feed/`.
//!
//! To add something that the gate decides by: a name and what touches it in `names.rs`, its rows in `question.rs` and
//! `answer.rs`, what it becomes in `facts.rs`.

mod answer;
mod facts;
mod feed;
mod memory;
mod names;
mod question;
mod questions;

use std::sync::Arc;

use gatebook_aggregates::identifiers::{AccessTokenId, AppId};
use gatebook_projections::token_gate::GateFacts;

use crate::application::stored_credential::StoredCredential;
use crate::metrics::Metrics;
use crate::store::{Database, StoreError};
use facts::{OfClient, OfToken, ResourceServer};
pub use feed::{Changes, LogPlace};
use feed::{Feed, WaitingPlace};
pub use question::Mark;
use questions::Questions;

/// No id of a client is longer, by far.
const ID_LENGTH_MAX: usize = 64;

/// The reads of the gate and of the OAuth endpoints.
pub(in crate::application) struct GateReads {
    questions: Questions,
    feed: Feed,
}

impl GateReads {
    /// Starts the task that asks. It ends with this. `memory_mib` is how much may be held; with 0 everything is read for each
    /// answer.
    pub(in crate::application) fn start(database: &Arc<dyn Database>, memory_mib: u32, metrics: &Arc<Metrics>) -> Self {
        let bytes = u64::from(memory_mib) * 1_024 * 1_024;
        Self {
            questions: Questions::start(database.clone(), bytes, metrics.clone()),
            feed: Feed::start(database.clone(), metrics.clone()),
        }
    }

    /// The application of a token, with its group, and whether it revoked the token.
    pub(in crate::application) async fn token(
        &self,
        app_id: AppId,
        token_id: AccessTokenId,
    ) -> Result<Option<GateFacts>, StoreError> {
        self.questions.get(&OfToken { app_id, token_id }).await
    }

    /// The same, and the end of the log that it is true at. No end while the log cannot be read up to there.
    pub(in crate::application) async fn token_as_of(
        &self,
        app_id: AppId,
        token_id: AccessTokenId,
    ) -> Result<Option<(GateFacts, Option<Mark>)>, StoreError> {
        let read = self.questions.get_as_of(&OfToken { app_id, token_id }).await?;
        Ok(read.map(|read| (read.made, read.as_of)))
    }

    /// What was appended behind this place in the log, told by a question that is sent from now on; for gateways, which hold
    /// what the gate decided.
    pub(in crate::application) async fn changes(&self, after: Option<&LogPlace>) -> Result<Changes, StoreError> {
        self.feed.changes(after).await
    }

    /// A place to wait for changes in. None when as many wait as may.
    pub(in crate::application) fn wait_for_changes(&self) -> Option<WaitingPlace<'_>> {
        self.feed.waiting_place()
    }

    /// The application with this client id, with its group.
    pub(in crate::application) async fn client(&self, client_id: &str) -> Result<Option<GateFacts>, StoreError> {
        match may_be_an_id(client_id) {
            true => self.questions.get(&OfClient(client_id.to_owned())).await,
            false => Ok(None),
        }
    }

    /// What is kept of the resource server with this client id, and the end of the log that it is true at. No end while the log
    /// cannot be read up to there.
    pub(in crate::application) async fn resource_server_as_of(
        &self,
        client_id: &str,
    ) -> Result<Option<(Arc<StoredCredential>, Option<Mark>)>, StoreError> {
        if !may_be_an_id(client_id) {
            return Ok(None);
        }
        let wanted = ResourceServer(client_id.to_owned());
        let read = self.questions.get_as_of(&wanted).await?;
        Ok(read.map(|read| (read.made, read.as_of)))
    }
}

/// What cannot be an id of ours is not asked for, as others share the question.
fn may_be_an_id(id: &str) -> bool {
    id.len() <= ID_LENGTH_MAX
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}
