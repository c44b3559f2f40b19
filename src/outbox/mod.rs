//! The outbox: e-mails are written together with the events that call for them, and sent afterwards, at least once.
//!
//! An e-mail is a row of the table `outbox`. Its content is sealed, and deleted once it is sent. A replay writes no
//! e-mails, because it does not come through here.

mod addressing;
mod delivery;
mod depth;
mod failures;
mod lane;
mod operators;
mod queue;
mod run;
mod sealing;
#[cfg(test)]
mod tests;

pub(crate) use addressing::about_to_developer;
pub use delivery::Outbox;
pub use depth::{Depth, OutboxSummary, age, depth, totals};
pub use failures::{FailedEmail, last_failure};
pub use operators::{EmailRow, EmailState, ListedAfter, Retry, list, list_page, retry, retry_failed};
pub use sealing::{EncryptEmailError, encrypt_email};
