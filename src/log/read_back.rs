//! Nothing is stored that cannot be read again. The log is never changed, so an event that nobody can read stops its stream
//! for ever: before it is appended, its text is read as whoever loads the stream will read it, and has to be what was
//! meant. The same for the rows that are folded from it.

use cqrs_es::Aggregate;
use gatebook_aggregates::metadata::Metadata;
use gatebook_projections::projection::Projection;
use gatebook_projections::recorded::{Recorded, StoredEvent, UnreadableEvent};
use gatebook_projections::sql::Value;

/// The event as it will be read.
///
/// # Errors
/// When that is not what was meant.
pub(super) fn event<A: Aggregate>(
    stored: &StoredEvent,
    meant: &A::Event,
    metadata: &Metadata,
) -> Result<Recorded<A::Event>, UnreadableEvent> {
    let read = stored.read::<A>()?;
    if read.event != *meant || read.metadata != *metadata || read.recorded_at.to_string() != stored.recorded_at {
        return Err(stored.unreadable("it is not read back as what is meant"));
    }
    Ok(read)
}

/// Reads a row from its values.
///
/// # Errors
/// When that is not the row, which was folded up to the event `last`.
pub(super) fn row<P: Projection>(
    row: &P::Row,
    values: &[Value],
    last: &Recorded<<P::Aggregate as Aggregate>::Event>,
) -> Result<(), UnreadableEvent> {
    let problem = match P::row(values.to_vec()) {
        Ok(read) if read == *row => return Ok(()),
        Ok(_) => format!("its row of {} is not read back as what is meant", P::NAME),
        Err(error) => format!("its row would not be read back: {error}"),
    };
    Err(UnreadableEvent {
        position: last.position,
        event: format!(
            "number {} of {} {}",
            last.sequence,
            P::Aggregate::TYPE,
            last.aggregate_id
        ),
        problem,
    })
}

#[cfg(test)]
mod tests;
