//! Folding whole streams for a rebuild, after a look at whether they are what their numbers and hashes say.

use gatebook_projections::projection::AnyProjection;
use gatebook_projections::recorded::{StoredEvent, UnreadableEvent};
use gatebook_projections::sql::Value;

use super::{ReplayError, chain};
use crate::log::quarantine::Quarantine;
use crate::store::Database;

/// What a rebuild does with a log that is not what its numbers and hashes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrokenLog {
    /// It stops, and what was live stays.
    Refused,
    /// It folds the log as it is; an operator wants it.
    Accepted,
}

/// Rows, the streams that have none, and what could not be read for them.
#[derive(Default)]
pub(super) struct Folded {
    pub(super) rows: Vec<Vec<Value>>,
    pub(super) without_row: Vec<String>,
    pub(super) unreadable: Vec<(StoredEvent, UnreadableEvent)>,
}

/// The rows of whole streams. An event that cannot be read is left out, and named.
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
