//! The outbox: letters that were written down with the facts that call for them, and are sent afterwards, at least once.
//!
//! A letter is a row of the table `letters`. What it says is sealed, and forgotten once it is sent. A replay writes no
//! letters, because it does not come through here.

mod delivery;
mod depth;
mod failures;
mod lane;
mod operators;
mod queue;
mod sealing;
#[cfg(test)]
mod tests;

pub use delivery::Outbox;
pub use depth::{Depth, Totals, age, depth, totals};
pub use failures::{FailedEmail, last_failure};
pub use operators::{LetterRow, LetterState, ListedAfter, Retry, list, list_page, retry, retry_failed};
pub use sealing::{SealLetterError, seal_letter};
