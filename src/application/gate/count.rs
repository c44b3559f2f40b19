//! Counting what the gate answered, beside the answer: nothing here can fail, or make anybody wait for the database.

use std::fmt::Display;
use std::str::FromStr;

use gatebook_aggregates::api_permission::Access;
use gatebook_aggregates::gate::Verdict;
use gatebook_aggregates::identifiers::{ClientSecretId, EntityId};
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::token_gate::GateFacts;

use crate::application::gate::check::{AuthenticatedClient, GateQuestion, Introspection};
use crate::application::gatebook::Gatebook;
use crate::unique_id::unique_id;
use crate::usage::{CheckCounted, Refusal};

/// Where a question comes from.
#[derive(Clone, Copy)]
pub struct AskedBy<'a> {
    /// The id of its request.
    pub request_id: &'a str,
    /// The resource server that asks, or the address that the request came from.
    pub gateway: &'a (dyn Display + Sync),
}

impl Gatebook {
    /// Counts a check of a genuine token.
    pub(super) fn count_check(
        &self,
        question: &GateQuestion<'_>,
        facts: &GateFacts,
        client_secret_id: ClientSecretId,
        verdict: Verdict,
    ) {
        let named = question.entity.filter(|entity| !entity.is_empty());
        let access = question.access.and_then(|access| Access::from_str(access).ok());
        let counted = CheckCounted {
            app_id: facts.app.app_id,
            group_id: &facts.app.group_id,
            entity: named,
            access,
            client_secret_id: Some(client_secret_id),
            verdict,
            at: self.clock.now(),
            count: 1,
        };
        if verdict == Verdict::Ok {
            return self.usage.checked(&counted);
        }
        let entity = named.and_then(|entity| EntityId::parse(entity).ok());
        let of_group = entity.as_ref().filter(|entity| facts.group.entities.contains(*entity));
        self.usage.checked(&CheckCounted {
            entity: of_group.map(EntityId::as_str),
            ..counted
        });
        let refused = RefusedCheck {
            client_secret_id,
            verdict,
            entity: entity.as_ref(),
            access,
            at: counted.at,
        };
        self.keep_refusal(facts, &refused, question.asked_by);
    }

    /// Counts an introspection that a resource server was answered: of an active token like a check that passed, without an
    /// entity.
    pub fn count_introspection(&self, token: &Introspection, asked_by: AskedBy<'_>) {
        let app = &token.facts.app;
        let (client_secret_id, at) = (token.claims.client_secret_id, self.clock.now());
        self.usage.checked(&CheckCounted {
            app_id: app.app_id,
            group_id: &app.group_id,
            entity: None,
            access: None,
            client_secret_id: Some(client_secret_id),
            verdict: token.verdict,
            at,
            count: 1,
        });
        if token.verdict != Verdict::Ok {
            let refused = RefusedCheck {
                client_secret_id,
                verdict: token.verdict,
                entity: None,
                access: None,
                at,
            };
            self.keep_refusal(&token.facts, &refused, asked_by);
        }
    }

    /// Counts that a client who proved who it is got no token: it asked for more than it may have, or in a way that cannot be
    /// answered.
    pub fn count_token_refused(&self, client: &AuthenticatedClient) {
        let app = &client.facts.app;
        self.usage.token_refused(app.app_id, &app.group_id, self.clock.now());
    }

    fn keep_refusal(&self, facts: &GateFacts, refused: &RefusedCheck<'_>, asked_by: AskedBy<'_>) {
        let mut secrets = facts.app.client_secrets.iter();
        let secret = secrets.find(|secret| secret.id == refused.client_secret_id);
        let refusal = Refusal {
            id: format!("{}/{}", refused.at, unique_id().simple()),
            at: refused.at,
            reason: refused.verdict.code().to_owned(),
            entity_id: refused.entity.map(ToString::to_string).unwrap_or_default(),
            access: refused.access.map(<&str>::from).unwrap_or_default().to_owned(),
            secret_prefix: secret.map(|secret| secret.prefix.clone()).unwrap_or_default(),
            request_id: asked_by.request_id.to_owned(),
            gateway: asked_by.gateway.to_string(),
        };
        self.usage.refused(facts.app.app_id, &facts.app.group_id, refusal);
    }
}

struct RefusedCheck<'a> {
    client_secret_id: ClientSecretId,
    verdict: Verdict,
    entity: Option<&'a EntityId>,
    access: Option<Access>,
    at: Timestamp,
}
