//! What goes with a command besides its events: who asks, what the decision is based on, and what follows from it.

use std::collections::BTreeSet;
use std::sync::Mutex;

use cqrs_es::Aggregate;
use gatebook_aggregates::timestamp::Timestamp;

use super::append::{
    Append, CredentialChange, CredentialGuard, EncryptedEmail, GroupRoom, HoldsAfter, IdempotencyRecord, Precondition,
    Reservation, ReservationKey, StreamAppend,
};
use super::error::CommandError;
use super::loaded::Loaded;
use super::origin::Origin;

/// What goes with a command besides its events.
pub struct CommandContext<'a, A: Aggregate> {
    /// Who acts, and from where.
    pub origin: Origin,
    /// What the stream must be like for the command to be decided at all.
    pub require: RequireOf<'a, A>,
    /// What else the decision is based on.
    pub preconditions: Vec<Precondition>,
    /// Who used which Idempotency-Key for which request: key and request hash.
    pub idempotency: Option<IdempotentRequest>,
    /// Whether the decision stands although events of the stream cannot be read: it stops something, or settles those.
    pub despite_unreadable: bool,
    /// The stream, if it has been read already.
    pub stream: Mutex<Option<Loaded<A>>>,
    /// Of a command by which somebody only looks: how it is decided.
    pub audited_read: Option<AuditedRead>,
    /// What follows from the decided events: names, e-mails, credentials, other streams.
    pub side_effects: SideEffectsOf<'a, A>,
}

/// How a command is decided by which somebody only looks.
pub struct AuditedRead {
    /// The earlier looks that it depends on: those recorded since.
    pub since: Option<Timestamp>,
    /// What may happen in the stream meanwhile.
    pub holds_after: HoldsAfter,
}

/// Refuses a stream that is not as the caller expects it, such as another version than `If-Match` names.
pub type RequireOf<'a, A> = &'a (dyn Fn(&Loaded<A>) -> Result<(), CommandError> + Send + Sync);

/// Makes the extras from the aggregate after the events, and from the events.
pub type SideEffectsOf<'a, A> =
    &'a (dyn Fn(&A, &[<A as Aggregate>::Event]) -> Result<SideEffects, CommandError> + Send + Sync);

/// An Idempotency-Key, and the hash of the request it came with.
#[derive(Clone, Debug)]
pub struct IdempotentRequest {
    /// Who used which key.
    pub key: String,
    /// The hash of the request.
    pub request_hash: String,
}

impl IdempotentRequest {
    /// What is kept of it, for an answer about an application or a group that shows something once.
    pub fn record(self, about: &str, sealed: Option<String>) -> IdempotencyRecord {
        IdempotencyRecord {
            key: self.key,
            request_hash: self.request_hash,
            app_id: about.to_owned(),
            sealed,
        }
    }
}

/// What goes with the events into the same transaction.
#[derive(Clone, Default)]
pub struct SideEffects {
    /// What must not exist for the events to be true.
    pub still_free: Vec<ReservationKey>,
    /// Credentials that must still be what they were found to be.
    pub credential_guards: Vec<CredentialGuard>,
    /// What shall exist once.
    pub reservations: Vec<Reservation>,
    /// Where an application is created: the group that needs room for it.
    pub room: Option<GroupRoom>,
    /// Waiting e-mails about these are no longer true.
    pub withdrawn_emails: Vec<String>,
    /// E-mails to send.
    pub emails: Vec<EncryptedEmail>,
    /// Digests and password hashes.
    pub credentials: Vec<CredentialChange>,
    /// Events for other streams.
    pub companions: Vec<StreamAppend>,
    /// What the answer shows once, sealed, for repeating it.
    pub sealed: Option<String>,
    /// What whoever acts is called in the log, if not as they call themselves.
    pub actor_name: Option<String>,
    /// Positions of events that could not be read, and that close nothing any more.
    pub settled_events: BTreeSet<i64>,
}

impl SideEffects {
    /// Everything of a command in one piece.
    pub fn append(
        self,
        stream: StreamAppend,
        preconditions: Vec<Precondition>,
        idempotency: Option<IdempotencyRecord>,
    ) -> Append {
        Append {
            streams: std::iter::once(stream).chain(self.companions).collect(),
            preconditions,
            still_free: self.still_free,
            credential_guards: self.credential_guards,
            reservations: self.reservations,
            room: self.room,
            withdrawn_emails: self.withdrawn_emails,
            emails: self.emails,
            credentials: self.credentials,
            idempotency,
            settled_events: self.settled_events,
        }
    }
}
