//! Before something is taken away: what it would have stopped of the calls that passed.
//!
//! This is no second opinion beside the gate. A change is the real command, decided and not committed; the facts after it are
//! folded from its events; and each kind of call that was counted is shown to the gate (R25) as it would come today, with the
//! facts as they are and with those after the change.
//!
//! Not here: counting calls and reading the counts (`src/usage`), and the facts (`gatebook_projections::token_gate`).

mod kinds;

use std::collections::BTreeMap;

use chrono::TimeDelta;
use uuid::Uuid;

pub use kinds::{ChangeKind, kind_of_app_command, kind_of_group_command};

use crate::api_permission::Access;
use crate::gate::{Gate, TokenFacts, Verdict};
use crate::identifiers::{AccessTokenId, ClientSecretId, EntityId};
use crate::timestamp::Timestamp;

/// Calls of one kind that passed the gate, as they were counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedCalls {
    /// The entity; none of an introspection, which names none.
    pub entity: Option<EntityId>,
    /// What was done with it.
    pub access: Option<Access>,
    /// The client secret that their tokens were issued for; none where a gateway counted that holds answers.
    pub client_secret_id: Option<ClientSecretId>,
    /// How many passed.
    pub allowed: u64,
    /// The last of them.
    pub last_at: Timestamp,
}

/// What a change does to calls of one kind, if they come again today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// They pass as before.
    None,
    /// They are refused, for this reason.
    Stops(Verdict),
    /// They are refused already, for this reason, whatever is changed.
    StoppedAlready(Verdict),
    /// Some such calls would be refused and others not, and the counts do not tell which these are.
    NotKnown(Missing),
}

/// What the counts do not tell of calls, so that it is not known what becomes of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// For which entity they were: none was named.
    Entity,
    /// For which client secret their tokens were issued.
    ClientSecret,
}

/// The gate as it is, and as it would be.
#[derive(Clone, Copy, Debug)]
pub struct Rehearsal<'a, G> {
    /// The facts as they are.
    pub before: &'a G,
    /// The facts after the change.
    pub after: &'a G,
    /// The application's entities, by which is known whether a call without one may have been about one that is lost.
    pub entities: &'a [EntityId],
    /// When it is rehearsed.
    pub now: Timestamp,
}

/// Calls of the same kind that would be refused for the same reason.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StoppedKind {
    /// The entity; none of an introspection.
    pub entity: Option<EntityId>,
    /// What was done with it.
    pub access: Option<Access>,
    /// The gate's reason.
    pub verdict: Verdict,
}

/// How many calls, and the last of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallSum {
    /// How many.
    pub calls: u64,
    /// The last; none without calls.
    pub last_at: Option<Timestamp>,
}

/// What a change would have stopped. Each recorded call is counted once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rehearsed {
    /// Calls that would have been refused.
    pub stopped: BTreeMap<StoppedKind, CallSum>,
    /// Calls that named no entity, while the application would lose some.
    pub without_entity: CallSum,
    /// Calls that came with one of several client secrets, not all of which would end.
    pub without_secret: CallSum,
    /// Calls that passed then and would not pass today, even without the change.
    pub stopped_already: CallSum,
    /// Calls that would have passed.
    pub unaffected: CallSum,
}

impl CallSum {
    /// Adds calls.
    pub fn add(&mut self, calls: u64, last_at: Timestamp) {
        self.merge(Self {
            calls,
            last_at: Some(last_at),
        });
    }

    /// Adds another sum.
    pub fn merge(&mut self, other: Self) {
        self.calls += other.calls;
        self.last_at = self.last_at.max(other.last_at);
    }
}

impl Rehearsed {
    /// All calls that would have been refused.
    pub fn stopped_in_all(&self) -> CallSum {
        let mut sum = CallSum::default();
        self.stopped.values().for_each(|stopped| sum.merge(*stopped));
        sum
    }

    /// All calls of which it is not known.
    pub fn not_known(&self) -> CallSum {
        let mut sum = self.without_entity;
        sum.merge(self.without_secret);
        sum
    }
}

impl<G: Gate> Rehearsal<'_, G> {
    /// What the change would have done to these calls.
    pub fn of<'c>(&self, recorded: impl IntoIterator<Item = &'c RecordedCalls>) -> Rehearsed {
        let mut rehearsed = Rehearsed::default();
        for calls in recorded {
            let sum = match self.effect(calls) {
                Effect::None => &mut rehearsed.unaffected,
                Effect::StoppedAlready(_) => &mut rehearsed.stopped_already,
                Effect::NotKnown(Missing::Entity) => &mut rehearsed.without_entity,
                Effect::NotKnown(Missing::ClientSecret) => &mut rehearsed.without_secret,
                Effect::Stops(verdict) => {
                    let kind = StoppedKind {
                        entity: calls.entity.clone(),
                        access: calls.access,
                        verdict,
                    };
                    rehearsed.stopped.entry(kind).or_default()
                }
            };
            sum.add(calls.allowed, calls.last_at);
        }
        rehearsed
    }

    /// What the change does to such calls. If the counts leave open with which token they came, they are every call that they
    /// can have been.
    pub fn effect(&self, calls: &RecordedCalls) -> Effect {
        let tokens = self.tokens(calls.client_secret_id);
        let before = |token: &&TokenFacts| self.verdict(self.before, calls, token);
        let Some(passing) = non_empty(tokens.iter().filter(|token| before(token) == Verdict::Ok)) else {
            return Effect::StoppedAlready(tokens.first().map_or(Verdict::TokenMissing, |token| before(&token)));
        };
        let after: Vec<_> = passing
            .iter()
            .map(|token| self.verdict(self.after, calls, token))
            .collect();
        let refused = after.iter().find(|verdict| **verdict != Verdict::Ok);
        match refused {
            None if calls.entity.is_none() && self.opens_less() => Effect::NotKnown(Missing::Entity),
            None => Effect::None,
            Some(_) if after.contains(&Verdict::Ok) => Effect::NotKnown(Missing::ClientSecret),
            Some(verdict) => Effect::Stops(*verdict),
        }
    }

    /// Who named no entity was told whether the token is alive, and decided by itself what it opens.
    fn verdict(&self, gate: &G, calls: &RecordedCalls, token: &TokenFacts) -> Verdict {
        match &calls.entity {
            None => gate.check_token(token, self.now),
            entity => gate.check(token, entity.as_ref(), calls.access, self.now),
        }
    }

    /// The tokens that such calls would come with today: for the client secret that they came with, or for any that is live if
    /// that is not known or has ended since, because the integration goes on with another.
    fn tokens(&self, of: Option<ClientSecretId>) -> Vec<TokenFacts> {
        let secrets = self.before.client_secrets().iter();
        let live: Vec<_> = secrets.filter(|secret| secret.is_live(self.now)).collect();
        let same: Vec<_> = live.iter().filter(|secret| Some(secret.id) == of).copied().collect();
        let candidates = if same.is_empty() { live } else { same };
        match candidates.is_empty() {
            // None can be issued any more: let the gate say so.
            true => vec![self.token(of.unwrap_or_else(|| ClientSecretId::from_uuid(Uuid::nil())))],
            false => candidates.into_iter().map(|secret| self.token(secret.id)).collect(),
        }
    }

    /// A token that was just issued, for all that could be asked for: what passed was within its scope.
    fn token(&self, client_secret_id: ClientSecretId) -> TokenFacts {
        let issued_at = self
            .before
            .tokens_ended_before()
            .max(Some(self.now))
            .unwrap_or(self.now);
        TokenFacts {
            token_id: AccessTokenId::from_uuid(Uuid::nil()),
            client_secret_id,
            read: true,
            write: true,
            issued_at,
            expires_at: self.now.plus(TimeDelta::seconds(1)),
            is_revoked: false,
        }
    }

    /// Whether a token that stays alive would open less than before.
    fn opens_less(&self) -> bool {
        let is_lost = |entity: &&EntityId| self.before.opens_entity(entity) && !self.after.opens_entity(entity);
        let allows = |gate: &G, access| gate.api_permission().allows(access);
        let is_narrower = |access| allows(self.before, access) && !allows(self.after, access);
        self.entities.iter().any(|entity| is_lost(&entity))
            || [Access::Read, Access::Write].into_iter().any(is_narrower)
    }
}

fn non_empty<T>(items: impl Iterator<Item = T>) -> Option<Vec<T>> {
    let items: Vec<_> = items.collect();
    (!items.is_empty()).then_some(items)
}
