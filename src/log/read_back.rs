//! Nothing is stored that cannot be read again. The log is never changed, so an event that nobody can read stops its stream
//! for ever: before it is appended, its text is read as whoever loads the stream will read it, and has to be what was
//! meant. The same for the rows that are folded from it, see [`RowWrite::of`](gatebook_projections::row_write::RowWrite::of).

use cqrs_es::Aggregate;
use gatebook_aggregates::metadata::Metadata;
use gatebook_projections::recorded::{Recorded, StoredEvent, UnreadableEvent};

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

#[cfg(test)]
mod tests;
