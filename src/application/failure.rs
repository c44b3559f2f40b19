//! Everything that can keep a request from being answered as hoped.

use gatebook_aggregates::refusal::{FieldProblem, Refusal};
use thiserror::Error;

use crate::activity_log::summary::tries;
use crate::log::CommandError;
use crate::outbox::EncryptEmailError;
use crate::secrets::{PasswordError, SealError};
use crate::store::StoreError;
use crate::throttle::Wait;

/// When a password may be tried again that had no turn, in seconds: what waits is done by then.
const RETRY_BUSY_AFTER: u64 = 3;

/// Why there is no answer. Nothing has happened, unless the variant says so.
#[derive(Debug, Error)]
pub enum Failure {
    /// Nobody we know, or no longer.
    #[error("the credentials are missing or wrong")]
    Unauthenticated,
    /// Too many failed credentials from this address or for this account.
    #[error("too many failed attempts; try again in {retry_after_seconds} s")]
    TooManyRequests {
        /// When trying again makes sense.
        retry_after_seconds: u64,
    },
    /// This principal has changed the same thing very often.
    #[error("too many changes of the same thing; try again in {retry_after_seconds} s")]
    TooManyChanges {
        /// When trying again makes sense.
        retry_after_seconds: u64,
    },
    /// Too many people sign in at once for this password to be checked.
    #[error("too many passwords are waiting to be checked; try again in {retry_after_seconds} s")]
    PasswordsBusy {
        /// When trying again makes sense.
        retry_after_seconds: u64,
    },
    /// This principal has as many lists, searches and downloads under way as one may have.
    #[error("too many lists or downloads by one principal; try again in {retry_after_seconds} s")]
    TooManyReads {
        /// When trying again makes sense.
        retry_after_seconds: u64,
    },
    /// Too many searches are running for this one to get its turn in time.
    #[error("too many searches are running; try again in {retry_after_seconds} s")]
    TooManySearches {
        /// When trying again makes sense.
        retry_after_seconds: u64,
    },
    /// R15: a wrong OTP. The try has been recorded.
    #[error("The one-time password is wrong; {}.", tries(*attempts_left))]
    OtpWrong {
        /// Tries that are left.
        attempts_left: u32,
    },
    /// R19: a wrong verification code. The try has been recorded.
    #[error("The verification code is wrong; {}.", tries(*attempts_left))]
    CodeWrong {
        /// Tries that are left.
        attempts_left: u32,
    },
    /// The Idempotency-Key came with another request before.
    #[error("the idempotency key has been used for a different request")]
    IdempotencyKeyReused,
    /// A command was not carried out.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// Something inside failed that the principal can do nothing about.
    #[error("{0}")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Command(CommandError::Store(error))
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Command(CommandError::Refused(refusal))
    }
}

impl From<FieldProblem> for Failure {
    fn from(problem: FieldProblem) -> Self {
        Refusal::Invalid(vec![problem]).into()
    }
}

impl From<PasswordError> for Failure {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Busy => Self::PasswordsBusy {
                retry_after_seconds: RETRY_BUSY_AFTER,
            },
            error => Self::internal(error),
        }
    }
}

impl From<SealError> for Failure {
    fn from(error: SealError) -> Self {
        Self::internal(error)
    }
}

impl From<SealError> for CommandError {
    fn from(error: SealError) -> Self {
        Self::internal(error)
    }
}

impl From<EncryptEmailError> for CommandError {
    fn from(error: EncryptEmailError) -> Self {
        Self::internal(error)
    }
}

impl Failure {
    /// A failure inside, with its cause.
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(cause.into())
    }

    /// What the rules said, if it is they who said no.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Command(CommandError::Refused(refusal)) => Some(refusal),
            _ => None,
        }
    }

    /// Whether the rules said no, in these words.
    pub fn is_refused_with(&self, refusal: &Refusal) -> bool {
        self.refusal() == Some(refusal)
    }

    /// R4: there is no such thing, or not for this caller.
    pub fn is_not_found(&self) -> bool {
        self.is_refused_with(&Refusal::NotFound)
    }

    /// Whether it was changed since the version that the caller has seen.
    pub fn is_version_mismatch(&self) -> bool {
        matches!(self, Self::Command(CommandError::VersionMismatch { .. }))
    }

    /// Whether somebody else changed the same thing at the same time.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Command(CommandError::Conflict))
    }

    /// Whether the Idempotency-Key is that of a command before.
    pub fn is_key_used(&self) -> bool {
        matches!(self, Self::Command(CommandError::KeyUsed))
    }

    /// Whether the password, link or token that it was based on has been replaced meanwhile.
    pub fn is_credential_replaced(&self) -> bool {
        matches!(self, Self::Command(CommandError::CredentialReplaced))
    }

    /// What was sealed is read back as something else. The error itself quotes what it found, which is secret.
    pub(super) fn unsealed(error: &serde_json::Error) -> Self {
        Self::internal(format!("what was sealed has another form ({:?})", error.classify()))
    }

    /// A budget that is spent.
    pub(super) fn too_often(wait: Wait) -> Self {
        Self::TooManyChanges {
            retry_after_seconds: wait.retry_after_seconds,
        }
    }
}

/// What is not there, or not any more, needs no ending and no removing: it is as the caller wants it.
pub fn or_gone(done: Result<(), Failure>) -> Result<(), Failure> {
    done.or_else(|failure| if failure.is_not_found() { Ok(()) } else { Err(failure) })
}
