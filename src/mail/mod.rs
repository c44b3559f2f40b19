//! Writes e-mails and transfers them. The outbox decides when.

mod addresses;
mod connections;
mod dialogue;
mod emails;
mod error;
mod hand_over_error;
mod html;
mod mail_server;
mod message;
mod names;
mod paragraph;
#[cfg(test)]
pub(crate) mod scripted_server;
mod tls_stream;
mod transport;
mod written;

pub use dialogue::TransferProgress;
pub use emails::{Email, EmailKind, Ending};
pub use error::{DeliveryFailure, MailError};
pub use paragraph::Paragraph;
pub use transport::{MailTransport, SEND_TIMEOUT};
pub use written::{MailFolder, WrittenEmail};
