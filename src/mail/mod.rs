//! Letters by mail: what they say, and how they leave the house. When they are sent is the outbox's business.

mod addresses;
mod connections;
mod dialogue;
mod error;
mod html;
mod letters;
mod mail_server;
mod message;
mod names;
#[cfg(test)]
pub(crate) mod scripted_server;
mod tls_stream;
mod transport;

pub use dialogue::Progress;
pub use error::{Failure, MailError};
pub use letters::{Letter, LetterKind};
pub use transport::{MailTransport, SEND_TIMEOUT};
