//! A stream that was checked and folded: the part of a verification that needs no database.

use gatebook_projections::projection::AnyProjection;
use gatebook_projections::recorded::{StoredEvent, UnreadableEvent};
use gatebook_projections::registry;
use gatebook_projections::row::StoredRow;

use super::chain;
use super::difference::VerifyReport;
use crate::log::quarantine::Quarantine;

/// What is left of a stream to be compared with the tables.
pub(super) struct CheckedStream {
    /// Its last event.
    pub(super) last: StoredEvent,
    /// How many it has.
    pub(super) events: i64,
    /// What it folds to, for each projection in their order; none if some of it cannot be read.
    pub(super) rows: Option<Vec<Option<StoredRow>>>,
    /// What is wrong with the stream itself.
    pub(super) found: VerifyReport,
}

impl CheckedStream {
    /// Checks streams of one kind, and folds them for these projections of their kind.
    ///
    /// # Errors
    /// Never in practice: what was found to be readable can be folded.
    pub(super) fn all(
        streams: Vec<Vec<StoredEvent>>,
        quarantine: &Quarantine,
        projections: &[AnyProjection],
    ) -> Result<Vec<Self>, UnreadableEvent> {
        let checked = streams.into_iter();
        let checked = checked.filter_map(|stream| Self::of(stream, quarantine, projections).transpose());
        checked.collect()
    }

    /// None of a stream without events.
    fn of(
        mut stream: Vec<StoredEvent>,
        quarantine: &Quarantine,
        projections: &[AnyProjection],
    ) -> Result<Option<Self>, UnreadableEvent> {
        let mut found = VerifyReport::default();
        // Most streams can be read whole, and each event is read once for all projections.
        let folded = registry::fold_for_all(projections, &stream);
        let rows = match (chain::check(&stream, folded.is_ok(), quarantine, &mut found), folded) {
            (false, _) => None,
            (true, Ok(rows)) => Some(rows),
            (true, Err(_)) => {
                let rows = projections
                    .iter()
                    .map(|projection| quarantine.fold(projection, &stream));
                Some(rows.collect::<Result<_, _>>()?)
            }
        };
        let events = stream.len() as i64;
        Ok(stream.pop().map(|last| Self {
            last,
            events,
            rows,
            found,
        }))
    }
}
