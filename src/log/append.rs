//! What a command hands to the writer: everything it wants to happen, in one piece.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use gatebook_aggregates::text::AppName;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::recorded::{StoredEvent, UnreadableEvent};
use gatebook_projections::row_write::RowWrite;
use thiserror::Error;

use super::audience::Audience;
use super::email_quota::EmailQuota;
use super::generations::Generations;
use crate::secrets::CredentialKind;
use crate::store::StoreError;

/// Everything of one command. All of it happens, or nothing.
#[derive(Clone, Default)]
pub struct Append {
    /// The events, by stream; each stream at most once.
    pub streams: Vec<StreamAppend>,
    /// What else the decision was based on, and must still stand on.
    pub preconditions: Vec<Precondition>,
    /// What the decision took for not existing.
    pub still_free: Vec<ReservationKey>,
    /// Credentials that the decision was based on, and that must not have been replaced or forgotten.
    pub credential_guards: Vec<CredentialGuard>,
    /// What shall exist once.
    pub reservations: Vec<Reservation>,
    /// Where it creates an application: the group that needs room for it.
    pub room: Option<GroupRoom>,
    /// Waiting e-mails about these are no longer true.
    pub withdrawn_emails: Vec<String>,
    /// E-mails to send.
    pub emails: Vec<EncryptedEmail>,
    /// Digests and password hashes to keep or to forget.
    pub credentials: Vec<CredentialChange>,
    /// The answer to repeat for the same Idempotency-Key.
    pub idempotency: Option<IdempotencyRecord>,
    /// Positions of events that could not be read, and that close nothing any more.
    pub settled_events: BTreeSet<i64>,
}

/// Events for the end of one stream.
#[derive(Clone)]
pub struct StreamAppend {
    /// The stream, at the version the decision was based on.
    pub expected: Guard,
    /// The hash of that version's event.
    pub previous_hash: String,
    /// What may have happened in the stream since; nothing, without this. Looks may always have.
    pub holds_after: Option<HoldsAfter>,
    /// R4: the group whose log the events belong to; empty for developers.
    pub group_id: String,
    /// The events.
    pub events: Vec<NewEvent>,
    /// Reads them back, once they have their places, and folds them into the rows that go with them.
    pub fold: Fold,
}

/// Reads new events back from what will be stored, and folds what it has read into rows. Whatever is not read back as it
/// was meant, event or row, is an error: it would never be read again. Which tables they are for tells what has to be written
/// of them.
pub type Fold = Arc<dyn Fn(&[StoredEvent], &Generations) -> Result<Vec<RowWrite>, UnreadableEvent> + Send + Sync>;

/// Whether a decision stands after an event that it did not know of.
pub type HoldsAfter = Arc<dyn Fn(&StoredEvent) -> bool + Send + Sync>;

/// A stream at a version; 0 before its first event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guard {
    /// The kind of stream.
    pub aggregate_type: &'static str,
    /// Which stream.
    pub aggregate_id: String,
    /// Its version.
    pub version: i64,
}

impl Guard {
    /// The stream: its kind, and which of it.
    pub(super) fn stream(&self) -> (&'static str, String) {
        (self.aggregate_type, self.aggregate_id.clone())
    }
}

/// A stream that a decision was based on, and what may happen in it without taking the ground from the decision.
#[derive(Clone)]
pub struct Precondition {
    /// The stream, as it was read.
    pub guard: Guard,
    /// Whether the decision stands after this event, too.
    pub holds_after: HoldsAfter,
}

/// A stream that must not have moved on.
impl From<Guard> for Precondition {
    fn from(guard: Guard) -> Self {
        Self {
            guard,
            holds_after: Arc::new(|_| false),
        }
    }
}

/// How many applications that are not revoked a group may have.
#[derive(Clone, Debug)]
pub struct GroupRoom {
    /// The group.
    pub group_id: String,
    /// The most that it may have, the new one included.
    pub applications_max: u32,
}

/// A credential with the digest that something was found to match.
#[derive(Clone)]
pub struct CredentialGuard {
    /// Its kind.
    pub kind: CredentialKind,
    /// Its id among its kind.
    pub id: String,
    /// Its digest, or the password's hash.
    pub digest: String,
}

/// An event before it has its place.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// The application that it speaks of; empty when it speaks of none.
    pub app_id: String,
    /// Its name.
    pub event_type: String,
    /// The version of its JSON.
    pub event_version: String,
    /// Its JSON.
    pub payload: String,
    /// Its metadata's JSON.
    pub metadata: String,
}

/// Something that can be had once.
#[derive(Clone, Debug)]
pub struct Reservation {
    /// What.
    pub key: ReservationKey,
    /// By whom: an application's or developer's id.
    pub owner: String,
}

/// What can be had once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReservationKey {
    /// R6: an application's name, made comparable.
    AppName(String),
    /// R6: how an application's name looks.
    AppNameLook(String),
    /// R19: a developer's address, made comparable.
    DeveloperEmail(String),
}

impl ReservationKey {
    /// R6: everything that an application's name takes: itself, and how it looks.
    pub fn of_app_name(name: &AppName) -> Vec<Self> {
        let audited_reads = name.look_alike_keys().into_iter().map(Self::AppNameLook);
        std::iter::once(Self::AppName(name.uniqueness_key()))
            .chain(audited_reads)
            .collect()
    }
}

impl fmt::Display for ReservationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AppName(key) => write!(f, "app_name:{key}"),
            Self::AppNameLook(key) => write!(f, "app_name_look:{key}"),
            Self::DeveloperEmail(key) => write!(f, "developer_email:{key}"),
        }
    }
}

/// An e-mail on its way to the outbox; its content is sealed.
#[derive(Clone, Debug)]
pub struct EncryptedEmail {
    /// Its id, and the left part of its Message-ID.
    pub id: String,
    /// What kind of e-mail.
    pub kind: &'static str,
    /// To whom.
    pub recipient: String,
    /// Subject and text, sealed.
    pub sealed: String,
    /// How urgent it is.
    pub priority: Priority,
    /// The moment it is written for; none for now.
    pub not_before: Option<Timestamp>,
    /// What it is about, if it may have to be withdrawn before it is sent.
    pub about: Option<String>,
    /// Whom it is for, if that is decided when it is due; the recipient is only words then.
    pub audience: Option<Audience>,
    /// The limits that it counts against.
    pub quotas: Vec<EmailQuota>,
}

/// What leaves first. The numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// Somebody waits for it in front of a screen, and what it holds ends within the hour.
    Urgent = 0,
    /// It may wait for a while.
    Normal = 1,
}

/// A change to the table of credentials.
#[derive(Clone, Debug)]
pub enum CredentialChange {
    /// Keeps one, in the place of an older one.
    Put(Credential),
    /// Forgets one.
    Delete {
        /// Its kind.
        kind: CredentialKind,
        /// Its id.
        id: String,
    },
    /// Forgets all of an owner.
    DeleteOwned {
        /// Their kind.
        kind: CredentialKind,
        /// Whose.
        owner: String,
    },
}

/// Something to be recognised by, as a digest or hash.
#[derive(Clone, Debug)]
pub struct Credential {
    /// Its kind.
    pub kind: CredentialKind,
    /// Its id among its kind.
    pub id: String,
    /// Who is recognised by it.
    pub owner: String,
    /// The name it was given.
    pub name: String,
    /// The keyed digest, or the password's hash.
    pub digest: String,
    /// When it ends, if it does by itself.
    pub expires_at: Option<Timestamp>,
}

/// What an Idempotency-Key was answered with.
#[derive(Clone, Debug)]
pub struct IdempotencyRecord {
    /// Who used which key.
    pub key: String,
    /// The hash of the request.
    pub request_hash: String,
    /// The application, or the group, that it was about.
    pub app_id: String,
    /// What is shown once, sealed.
    pub sealed: Option<String>,
}

/// What became of an append.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// The events as stored; empty when there was nothing to append.
    pub events: Vec<StoredEvent>,
}

/// Why an append was not written. Nothing of it has happened.
#[derive(Debug, Error)]
pub enum AppendError {
    /// A stream moved on since it was read.
    #[error("somebody else changed the same thing at the same moment")]
    Conflict,
    /// A password, link or token that it was based on has been replaced or forgotten since it was read.
    #[error("the password or the link has been replaced")]
    CredentialReplaced,
    /// R6, R19: what it wanted to be the only one of exists.
    #[error("{0} is taken")]
    Taken(ReservationKey),
    /// The Idempotency-Key has been used.
    #[error("the idempotency key has been used")]
    KeyUsed,
    /// It would be stored as something else than it means.
    #[error("what would be stored is not read back as what is meant: {0}")]
    NotReadBack(#[from] UnreadableEvent),
    /// One of its e-mails is more than a limit allows.
    #[error("the e-mail limit {} has been reached; try again in {retry_after_seconds} s", quota.owner.in_words())]
    TooManyEmails {
        /// The limit.
        quota: EmailQuota,
        /// When one more fits in.
        retry_after_seconds: u64,
    },
    /// The group has as many applications as it may have.
    #[error("the group has {applications_max} applications that are not revoked")]
    ApplicationLimit {
        /// The most that it may have.
        applications_max: u32,
    },
    /// The database could not write it.
    #[error(transparent)]
    Store(#[from] StoreError),
}
