//! R25: what a token opens, and the first reason why it does not. Pure: the facts are handed in.

use strum::{EnumIter, EnumString, IntoStaticStr};

use crate::api_permission::{Access, ApiPermission};
use crate::group::ProductPlan;
use crate::identifiers::{AccessTokenId, ClientSecretId, EntityId};
use crate::integration_app::{ClientSecret, Status, has_ended};
use crate::timestamp::Timestamp;

/// The answer of the gate; each refusal is the first of R25 that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Verdict {
    /// It may pass.
    Ok,
    /// No token was presented.
    TokenMissing,
    /// Not a token of ours at all.
    TokenMalformed,
    /// The signature does not hold, or the application is not known.
    TokenInvalid,
    /// Its hour is over.
    TokenExpired,
    /// It was given back, or ended with all that are as old.
    TokenRevoked,
    /// The client secret it was issued for has ended.
    SecretRetired,
    /// The application is suspended.
    AppSuspended,
    /// The application is revoked.
    AppRevoked,
    /// The application has reached its end date.
    AppExpired,
    /// The group is off the plan.
    GroupNotOnPlan,
    /// No entity was named.
    EntityMissing,
    /// The entity is not the application's, or no longer the group's.
    EntityNotAssigned,
    /// More than scope or permission allow.
    AccessNotPermitted,
    /// It cannot be decided: the log holds an event that cannot be read.
    Unavailable,
}

impl Verdict {
    /// The reason's code on the wire.
    pub fn code(self) -> &'static str {
        self.into()
    }
}

/// What a genuine token says of itself, and whether it was revoked.
#[derive(Clone, Copy, Debug)]
pub struct TokenFacts {
    /// Which token.
    pub token_id: AccessTokenId,
    /// The client secret it was issued for.
    pub client_secret_id: ClientSecretId,
    /// R24: scope `read`.
    pub read: bool,
    /// R24: scope `write`.
    pub write: bool,
    /// When it was issued, to the second.
    pub issued_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// RFC 7009: whether it was revoked before its end.
    pub is_revoked: bool,
}

/// What is true of the application and its group at this moment.
pub trait Gate {
    /// R27: whether it runs.
    fn status(&self) -> Status;
    /// When it ends, if it does. Time alone tells, without an event.
    fn ends_at(&self) -> Option<Timestamp>;
    /// R10: its permission.
    fn api_permission(&self) -> ApiPermission;
    /// R23: its client secrets.
    fn client_secrets(&self) -> &[ClientSecret];
    /// The moment before which all tokens that were issued have ended, if there is one.
    fn tokens_ended_before(&self) -> Option<Timestamp>;
    /// R1: the group's plan.
    fn product_plan(&self) -> &ProductPlan;
    /// Whether the log holds an event that cannot be read and that may say that nothing passes.
    fn is_unreadable(&self) -> bool;
    /// R25: in the application's list and still the group's.
    fn opens_entity(&self, entity: &EntityId) -> bool;

    /// R25 up to the application: whether the token is alive at all.
    fn check_token(&self, token: &TokenFacts, now: Timestamp) -> Verdict {
        if now >= token.expires_at {
            return Verdict::TokenExpired;
        }
        if token.is_revoked || self.tokens_ended_before().is_some_and(|ended| token.issued_at < ended) {
            return Verdict::TokenRevoked;
        }
        let secret = self
            .client_secrets()
            .iter()
            .find(|secret| secret.id == token.client_secret_id);
        if !secret.is_some_and(|secret| secret.is_live(now)) {
            return Verdict::SecretRetired;
        }
        match self.status() {
            Status::Suspended => return Verdict::AppSuspended,
            Status::Revoked => return Verdict::AppRevoked,
            Status::Active => {}
        }
        if has_ended(self.ends_at(), now) {
            return Verdict::AppExpired;
        }
        if !self.product_plan().has_integration_apps() {
            return Verdict::GroupNotOnPlan;
        }
        // What is known to have ended has ended, whatever else there is.
        if self.is_unreadable() {
            return Verdict::Unavailable;
        }
        Verdict::Ok
    }

    /// R25: whether the token opens this entity for this access.
    fn check(&self, token: &TokenFacts, entity: Option<&EntityId>, access: Option<Access>, now: Timestamp) -> Verdict {
        let alive = self.check_token(token, now);
        if alive != Verdict::Ok {
            return alive;
        }
        let Some(entity) = entity else {
            return Verdict::EntityMissing;
        };
        if !self.opens_entity(entity) {
            return Verdict::EntityNotAssigned;
        }
        let in_scope = match access {
            Some(Access::Read) => token.read,
            Some(Access::Write) => token.write,
            None => false,
        };
        match access {
            Some(access) if in_scope && self.api_permission().allows(access) => Verdict::Ok,
            _ => Verdict::AccessNotPermitted,
        }
    }
}

#[cfg(test)]
mod tests;
