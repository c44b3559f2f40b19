//! R29: the log as ndjson: one JSON object a line, nothing altered, so that every hash can be recomputed from it.

use gatebook_projections::recorded::StoredEvent;
use serde::de::Error;

use super::entry::LogEntry;
use crate::store::StoreError;

/// The lines of these events.
///
/// # Errors
/// Never in practice; writing to memory can fail by its type.
pub fn lines(events: &[StoredEvent]) -> Result<Vec<u8>, StoreError> {
    let mut lines = Vec::new();
    for stored in events {
        let entry = LogEntry::shown(stored)?;
        serde_json::to_writer(&mut lines, &entry).map_err(|problem| stored.unreadable(&problem.to_string()))?;
        lines.push(b'\n');
    }
    Ok(lines)
}

/// Reads a line back, for checking its hash.
///
/// # Errors
/// A line with other fields than an entry's, with one of them twice, or with another name of its stream than those of
/// its fields.
pub fn read_line(line: &str) -> Result<LogEntry, serde_json::Error> {
    let entry: LogEntry = serde_json::from_str(line)?;
    if entry.names_its_stream() {
        Ok(entry)
    } else {
        Err(serde_json::Error::custom(
            "stream is not the name of the event's stream",
        ))
    }
}
