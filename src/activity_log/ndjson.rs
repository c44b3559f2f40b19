//! R29: the log as ndjson: one JSON object per line, unaltered, so that every hash can be recomputed.

use gatebook_projections::recorded::StoredEvent;
use serde::de::Error;

use super::entry::LogEntry;
use crate::store::StoreError;

/// Formats these events as lines.
///
/// # Errors
/// Practically none: writing to memory does not fail.
pub fn lines(events: &[StoredEvent]) -> Result<Vec<u8>, StoreError> {
    let mut lines = Vec::new();
    for stored in events {
        let entry = LogEntry::shown(stored)?;
        serde_json::to_writer(&mut lines, &entry).map_err(|problem| stored.unreadable(&problem.to_string()))?;
        lines.push(b'\n');
    }
    Ok(lines)
}

/// Parses a line, to check its hash.
///
/// # Errors
/// The line has other or repeated fields, or its `stream` does not match its other fields.
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
