//! R28, R29: the log as people read it: a sentence for each event, CSV, ndjson, and a timeline.
//!
//! All of it is made from stored events alone, so that the same range always gives the same bytes. Elsewhere: who may
//! download (`aggregates`), recording the download (its command), and checking hashes (`log::hash_chain`).

pub mod csv;
pub mod entry;
pub mod export;
pub mod ndjson;
mod spreadsheet;
pub mod summary;

#[cfg(test)]
mod tests;

pub use entry::{LogEntry, timeline};
pub use export::{LogPeriod, Scope, export, file_name, newest_first};
pub use summary::summary;
