//! What gateways that hold verdicts have to drop. They are told after a question that is sent after they asked, so whoever asks
//! before each check, and drops what it says, never passes what was revoked before the check began (R26).

use std::time::Duration;

use gatebook_aggregates::timestamp::Timestamp;
use tokio::time::Instant;

use crate::application::gatebook::Gatebook;
use crate::application::node::gate_memory::{Changes, LogPlace, Mark};
use crate::secrets::FeedKey;
use crate::store::StoreError;

/// The first line of what is signed.
const SIGNED: &str = "gatebook feed v1";

/// What a gateway asks.
pub struct FeedQuestion {
    /// The place in the log that what the gateway holds is true at, if it holds anything.
    pub after: Option<LogPlace>,
    /// How long to wait for something that has to be dropped.
    pub wait: Duration,
    /// The end of the log as it was at some moment after the request came, if that is known.
    pub known: Option<Mark>,
}

/// What a gateway is told.
pub struct FeedAnswer {
    /// The place it asked about.
    pub from: Option<LogPlace>,
    /// What happened behind it.
    pub changes: Changes,
    /// The time of this node. A gateway compares it with the end of what it holds.
    pub at: Timestamp,
    /// The signature of [`signed`](Self::signed).
    pub signature: String,
}

impl Gatebook {
    /// What changed behind a place in the log. With `wait` it is answered when something has to be dropped, when the wait is
    /// over, when this node is about to end, or at once if too many wait already; whichever comes first.
    ///
    /// # Errors
    /// When the log cannot be asked.
    pub async fn feed(&self, question: FeedQuestion) -> Result<FeedAnswer, StoreError> {
        let until = Instant::now() + question.wait;
        let from = question.after;
        let place = match question.wait.is_zero() {
            true => None,
            false => self.gate_reads.wait_for_changes(),
        };
        let mut changes = match question.known {
            // Who authenticated the gateway has asked already.
            Some(mark) if Some(LogPlace::from(&mark)) == from => Changes::nothing_since(mark),
            _ => self.gate_reads.changes(from.as_ref()).await?,
        };
        if let Some(place) = place {
            while !changes.evict_something() && Instant::now() < until && !self.is_draining() {
                place.until_next_time().await;
                changes = self.gate_reads.changes(Some(&LogPlace::from(&changes.to))).await?;
            }
        }
        Ok(self.signed_answer(from, changes))
    }

    /// What verifies the signatures of [`FeedAnswer`]s.
    pub fn feed_key(&self) -> &FeedKey {
        self.feed_signer.public_key()
    }

    fn signed_answer(&self, from: Option<LogPlace>, changes: Changes) -> FeedAnswer {
        let mut answer = FeedAnswer {
            from,
            changes,
            at: self.clock.now(),
            signature: String::new(),
        };
        answer.signature = self.feed_signer.sign(answer.signed().as_bytes());
        answer
    }
}

impl FeedAnswer {
    /// What is signed: lines, each with a line feed at its end. First `gatebook feed v1`; then `from` (empty if there is none),
    /// `to`, `at`, `generation` and `all`, each value as it is in the answer; then for each key of `evict`, in the order of the
    /// keys' bytes, and for each id in the answer's order, the key, a space and the id.
    pub fn signed(&self) -> String {
        let from = self.from.as_ref().map(ToString::to_string).unwrap_or_default();
        let (to, generation) = (LogPlace::from(&self.changes.to), self.changes.to.generations);
        let mut signed = format!(
            "{SIGNED}\n{from}\n{to}\n{}\n{generation}\n{}\n",
            self.at, self.changes.all
        );
        let mut add = |key: &str, id: String| signed.push_str(&format!("{key} {id}\n"));
        let Changes {
            applications,
            groups,
            tokens,
            ..
        } = &self.changes;
        applications.iter().for_each(|id| add("applications", id.to_string()));
        groups.iter().for_each(|id| add("groups", id.to_string()));
        tokens.iter().for_each(|id| add("tokens", id.to_string()));
        signed
    }
}
