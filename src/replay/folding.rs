//! Folds whole streams for a rebuild, after checking their numbers and hashes.

use gatebook_projections::projection::AnyProjection;
use gatebook_projections::recorded::{StoredEvent, UnreadableEvent};
use gatebook_projections::row::StoredRow;

use super::{ReplayError, chain};
use crate::log::quarantine::Quarantine;
use crate::store::Database;

/// What to do with a log that contradicts its numbers or hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrokenLog {
    /// Stop, and keep the live rows.
    Refused,
    /// Fold the log as it is, because an operator asked for it.
    Accepted,
}

/// The rows, the ids of streams without a row, and the unreadable events.
#[derive(Default)]
pub(super) struct Folded {
    pub(super) rows: Vec<StoredRow>,
    pub(super) without_row: Vec<String>,
    pub(super) unreadable: Vec<(StoredEvent, UnreadableEvent)>,
}

/// Folds whole streams. Unreadable events are left out and listed.
///
/// # Errors
/// A broken log, unless that is accepted.
pub(super) async fn fold(
    database: &dyn Database,
    projection: &AnyProjection,
    streams: &[Vec<StoredEvent>],
    broken_log: BrokenLog,
) -> Result<Folded, ReplayError> {
    let mut folded = Folded::default();
    for stream in streams {
        if broken_log == BrokenLog::Refused
            && let Some(difference) = chain::first_break(stream)
        {
            return Err(ReplayError::Broken(Box::new(difference)));
        }
        let row = match projection.fold_stream(stream) {
            Ok(row) => row,
            Err(_) => {
                let quarantine = Quarantine::read(database).await?;
                folded.unreadable.extend(quarantine.unreadable(stream));
                quarantine.fold_readable(projection, stream)?
            }
        };
        match (row, stream.last()) {
            (Some(row), _) => folded.rows.push(row),
            (None, Some(last)) => folded.without_row.push(last.aggregate_id.clone()),
            (None, None) => {}
        }
    }
    Ok(folded)
}
