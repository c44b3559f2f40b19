//! Why an e-mail could not be sent, and what that means to those who wait for it.

use strum::{EnumString, IntoStaticStr};
use thiserror::Error;

/// Why an e-mail could not be sent. Never holds what the e-mail says.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MailError {
    /// The transport's URL cannot be used.
    #[error("--mail takes file:, file:/folder, smtp://user:password@host:port or smtps://…: {0}")]
    BadUrl(String),
    /// The authorities' certificates cannot be used.
    #[error("--mail-ca takes a file with certificates in PEM: {0}")]
    BadAuthorities(String),
    /// The sender is no mailbox.
    #[error("the sender of e-mails must be a mailbox such as `Gatebook <no-reply@example.com>`")]
    BadSender,
    /// The name to greet mail servers with is none.
    #[error("--mail-helo takes the name of this machine, such as gate.example.com, or its IP address, not “{0}”")]
    BadHelo(String),
    /// Trying again would not help.
    #[error("{reason}")]
    Permanent {
        /// What kind of problem it is.
        failure: DeliveryFailure,
        /// What operators read.
        reason: String,
    },
    /// Trying again later may help.
    #[error("{0}")]
    Transient(String),
    /// The program ends, and the mail server was not given the e-mail.
    #[error("the program stopped before the e-mail was handed over")]
    Interrupted,
}

/// Why an e-mail was given up. The words are stored, so they stay as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum DeliveryFailure {
    /// A mail server does not take mail for this recipient.
    AddressRefused,
    /// What stands before the `@` can only be reached through mail servers that know SMTPUTF8 (RFC 6531), and ours does not.
    AddressUnsupported,
    /// It is no address that mail can reach.
    AddressInvalid,
    /// A mail server does not take this e-mail, or none from us.
    MailRefused,
    /// All attempts failed, for three days.
    GivenUp,
    /// Its content is lost, or could not be made a message.
    Broken,
}

impl MailError {
    /// Whether trying again would not help.
    pub fn is_permanent(&self) -> bool {
        !matches!(self, Self::Transient(_) | Self::Interrupted)
    }

    /// An error after which trying again would not help.
    pub fn permanent(failure: DeliveryFailure, reason: impl Into<String>) -> Self {
        Self::Permanent {
            failure,
            reason: reason.into(),
        }
    }
}
