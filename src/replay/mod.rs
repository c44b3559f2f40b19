//! The log, read again: to rebuild a projection while it serves, to verify log and rows, to say where each projection
//! stands. Nothing here appends to the log, and nothing here sends mail.
//!
//! | module | question |
//! |---|---|
//! | [`rebuild`](mod@rebuild) | what would the rows be if all were folded anew? |
//! | [`verify`](mod@verify) | is the log whole, and are the rows what it folds to? |
//! | [`reservations`] | does everybody have what they reserved? |
//! | [`exported`] | is a file that was exported from the log what the log says? |
//! | [`wholeness`] | and is it all of it? |
//! | [`compare`] | which events of exported files does the database lack? |
//! | [`status`](mod@status) | where does each projection stand? |

mod chain;
pub mod compare;
pub mod difference;
pub mod exported;
mod exported_lines;
mod folding;
mod live_rows;
mod log_progress;
mod projections_table;
pub mod rebuild;
pub mod reservations;
mod snapshot;
pub mod status;
mod streams;
mod switch;
pub mod takeover;
pub mod verify;
pub mod wholeness;

#[cfg(test)]
mod tests;

use gatebook_projections::recorded::UnreadableEvent;
use thiserror::Error;

use crate::store::StoreError;

pub use compare::{CompareError, CompareTotals, Comparison, Finding, Pass};
pub use difference::{Difference, Quarantined, VerifyReport};
pub use exported::{FileFinding, FileReport, verify_exported};
pub use folding::BrokenLog;
pub use log_progress::{LogProgress, ProjectionProgress, log_progress};
pub use rebuild::{RebuildReport, discard, rebuild, rebuild_with};
pub use reservations::{restore_reservations, verify_reservations};
pub use status::{ProjectionStatus, Rebuilding, stale, status};
pub use takeover::wait_while_it_moves;
pub use verify::{verify, verify_log};
pub use wholeness::ExportedRange;

/// How many events are read at a time; what is held in memory grows with it and not with the log.
pub const PAGE: i64 = 2_000;

/// Somebody who is told how far a replay has come.
pub trait Progress: Send + Sync {
    /// So many events of so many are done. The total is an estimate: the log may be growing.
    fn step(&self, projection: &str, done: i64, total: i64);
}

/// Nobody wants to know.
pub struct Silent;

impl Progress for Silent {
    fn step(&self, _: &str, _: i64, _: i64) {}
}

/// Why a replay stopped. What was live before is live still.
#[derive(Debug, Error)]
pub enum ReplayError {
    /// An event cannot be read; nothing is skipped.
    #[error(transparent)]
    Unreadable(#[from] UnreadableEvent),
    /// The log is not what its numbers and hashes say.
    #[error(
        "the log is broken: {0}. The rows stay as they were. See “gatebook log verify” for details. To use the log as \
         it is: “gatebook projections rebuild --accept-broken-log”"
    )]
    Broken(Box<Difference>),
    /// Somebody else rebuilds the same projection, and goes on with it.
    #[error("another process is already rebuilding {projection}")]
    Overtaken {
        /// Which projection.
        projection: String,
    },
    /// The rows, or a rebuild that was begun, are a newer program's.
    #[error(
        "{projection} was built by a newer version of this program; upgrade this one. To discard what the newer \
         version has begun to rebuild: “gatebook projections rebuild --fresh {projection}”"
    )]
    Newer {
        /// Which projection.
        projection: String,
    },
    /// The database has no such projection yet.
    #[error("the database has no projection {projection} yet; create its table with “gatebook migrate”")]
    NotMigrated {
        /// Which projection.
        projection: String,
    },
    /// The database could not be read or written.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for ReplayError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unreadable(event) => Self::Unreadable(event),
            other => Self::Store(other),
        }
    }
}

impl ReplayError {
    /// Whether trying again later may help, without anybody doing anything.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_unavailable())
    }
}
