//! Why an e-mail could not be sent, and what that means for the people waiting for it.

use strum::{EnumString, IntoStaticStr};
use thiserror::Error;

/// Why an e-mail could not be sent. Never contains its content.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MailError {
    #[error("--mail takes file:, file:/folder, smtp://user:password@host:port or smtps://…: {0}")]
    BadUrl(String),
    /// The file with CA certificates cannot be used.
    #[error("--mail-ca takes a file with certificates in PEM: {0}")]
    BadAuthorities(String),
    /// The sender is no mailbox.
    #[error("the sender of e-mails must be a mailbox such as `Gatebook <no-reply@example.com>`")]
    BadSender,
    /// The name for greeting mail servers is invalid.
    #[error("--mail-helo takes the name of this machine, such as gate.example.com, or its IP address, not “{0}”")]
    BadHelo(String),
    /// Trying again would not help.
    #[error("{reason}")]
    Permanent {
        failure: DeliveryFailure,
        /// The reason, for operators.
        reason: String,
    },
    /// Trying again later may help.
    #[error("{0}")]
    Transient(String),
    /// The program ends, and the mail server was not given the e-mail.
    #[error("the program stopped before the e-mail was handed over")]
    Interrupted,
}

/// Why an e-mail was given up. The names are stored, so they must not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum DeliveryFailure {
    /// A mail server refuses mail for this recipient.
    AddressRefused,
    /// The part before the `@` needs SMTPUTF8 (RFC 6531), which our mail server does not support.
    AddressUnsupported,
    /// Mail cannot reach such an address.
    AddressInvalid,
    /// A mail server refuses this e-mail, or all our e-mails.
    MailRefused,
    /// All attempts failed, for three days.
    GivenUp,
    /// The content is lost, or no message could be built from it.
    Broken,
}

impl MailError {
    pub fn is_permanent(&self) -> bool {
        !matches!(self, Self::Transient(_) | Self::Interrupted)
    }

    pub fn permanent(failure: DeliveryFailure, reason: impl Into<String>) -> Self {
        Self::Permanent {
            failure,
            reason: reason.into(),
        }
    }
}
