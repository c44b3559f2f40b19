//! Why a command was not carried out.

use gatebook_aggregates::refusal::Refusal;
use gatebook_projections::recorded::UnreadableEvent;
use thiserror::Error;

use super::append::{AppendError, ReservationKey};
use super::email_quota::EmailQuota;
use crate::store::StoreError;

/// Why a command was not carried out. Nothing of it has happened.
#[derive(Debug, Error)]
pub enum CommandError {
    /// The rules say no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// R6, R19: what it wanted to be the only one of exists.
    #[error("{0} is taken")]
    Taken(ReservationKey),
    /// The caller pinned a version, and the stream is at another.
    #[error("the version is {current}")]
    VersionMismatch {
        /// The stream's version.
        current: i64,
    },
    /// The Idempotency-Key has been used.
    #[error("the idempotency key has been used")]
    KeyUsed,
    /// A password, link or token that it was based on has been replaced or forgotten since it was read.
    #[error("the password or the link has been replaced")]
    CredentialReplaced,
    /// It would be stored as something else than it means; a fault of the program.
    #[error("what would be stored is not read back as what is meant: {0}")]
    NotReadBack(UnreadableEvent),
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
    /// Somebody else changed the same thing again and again.
    #[error("somebody else is changing the same thing")]
    Conflict,
    /// The database could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Something failed inside that nobody who asks can do anything about.
    #[error("{0}")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl CommandError {
    /// A failure inside, with its cause.
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(cause.into())
    }
}

impl From<AppendError> for CommandError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Conflict => Self::Conflict,
            AppendError::CredentialReplaced => Self::CredentialReplaced,
            AppendError::Taken(key) => Self::Taken(key),
            AppendError::KeyUsed => Self::KeyUsed,
            AppendError::NotReadBack(event) => Self::NotReadBack(event),
            AppendError::TooManyEmails {
                quota,
                retry_after_seconds,
            } => Self::TooManyEmails {
                quota,
                retry_after_seconds,
            },
            AppendError::ApplicationLimit { applications_max } => Self::ApplicationLimit { applications_max },
            AppendError::Store(error) => Self::Store(error),
        }
    }
}
