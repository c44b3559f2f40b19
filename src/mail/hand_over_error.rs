//! Why a mail server did not take an e-mail, and at which step.

use std::io;

use lettre::transport::smtp;
use thiserror::Error;

/// Why handing over an e-mail to the server failed.
#[derive(Debug, Error)]
pub(super) enum HandOverError {
    #[error("the mail server cannot be reached: {0}")]
    Connecting(#[from] io::Error),
    #[error("the mail server did not answer in time")]
    Late,
    /// The address needs SMTPUTF8, and the server does not know it.
    #[error("the address has non-ASCII characters before its @, and the mail server does not support SMTPUTF8")]
    NoSmtpUtf8,
    /// The server refused, or closed the connection.
    #[error("{error}")]
    Smtp {
        step: Step,
        /// The server's answer, or the connection's error.
        error: smtp::Error,
    },
    /// The message could not be built.
    #[error(transparent)]
    Message(#[from] super::error::MailError),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Connecting, greeting and logging in, before any e-mail.
    Connecting,
    /// MAIL FROM.
    Sender,
    /// RCPT TO.
    Recipient,
    /// DATA, up to the final answer.
    Content,
}
