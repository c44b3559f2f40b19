//! Letters by mail: what they say, and how they leave the house. When they are sent is the outbox's business.

mod html;
mod letters;
mod mail_server;
mod message;
mod names;
#[cfg(test)]
pub(crate) mod scripted_server;
mod transport;

pub use letters::{Letter, LetterKind};
pub use transport::{MailError, MailTransport, SEND_TIMEOUT};
