//! Reads the log again: to rebuild a projection while it serves, to verify log and rows, and to report the state of
//! each projection. Nothing here appends to the log or sends mail.
//!
//! | module | question |
//! |---|---|
//! | [`rebuild`](mod@rebuild) | what are the rows if all events are folded again? |
//! | [`verify`](mod@verify) | is the log intact, and do the rows match it? |
//! | [`reservations`] | do the reservations match the events? |
//! | [`exported`] | does an exported file say what the log says? |
//! | [`wholeness`] | is the exported file complete? |
//! | [`compare`] | which events of exported files does the database lack? |
//! | [`status`](mod@status) | what is the state of each projection? |

mod chain;
mod checked_stream;
pub mod compare;
pub mod difference;
pub mod exported;
mod exported_lines;
mod folding;
mod head;
mod live_rows;
mod log_progress;
mod next_tables;
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
pub use status::{ProjectionStatus, ProjectionSummary, Rebuilding, stale, status, summaries};
pub use takeover::wait_while_it_moves;
pub use verify::{verify, verify_log};
pub use wholeness::ExportedRange;

/// How many events are read at a time. This bounds the memory needed, whatever the length of the log.
pub const PAGE: i64 = 2_000;

/// Receives the progress of a replay.
pub trait Progress: Send + Sync {
    /// `done` of `total` events are finished. The total is an estimate, because the log may be growing.
    fn step(&self, projection: &str, done: i64, total: i64);
}

/// Ignores the progress.
pub struct Silent;

impl Progress for Silent {
    fn step(&self, _: &str, _: i64, _: i64) {}
}

/// Why a replay stopped. The live rows are unchanged.
#[derive(Debug, Error)]
pub enum ReplayError {
    /// An event cannot be read. It is not skipped.
    #[error(transparent)]
    Unreadable(#[from] UnreadableEvent),
    /// The log contradicts its own numbers or hashes.
    #[error(
        "the log is broken: {0}. The rows stay as they were. See “gatebook log verify” for details. To use the log as \
         it is: “gatebook projections rebuild --accept-broken-log”"
    )]
    Broken(Box<Difference>),
    /// Somebody else rebuilds the same projection, and goes on with it.
    #[error("another process is already rebuilding {projection}")]
    Overtaken {
        /// The projection's name.
        projection: String,
    },
    /// A newer program made the rows or began the rebuild.
    #[error(
        "{projection} was built by a newer version of this program; upgrade this one. To discard what the newer \
         version has begun to rebuild: “gatebook projections rebuild --fresh {projection}”"
    )]
    Newer {
        /// The projection's name.
        projection: String,
    },
    /// The database has no such projection yet.
    #[error("the database has no projection {projection} yet; create its table with “gatebook migrate”")]
    NotMigrated {
        /// The projection's name.
        projection: String,
    },
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
    /// Whether a later retry may succeed without any intervention.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_unavailable())
    }
}
