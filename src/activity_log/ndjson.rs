//! R29: the log as ndjson: one JSON object per line, unaltered, so that every hash can be recomputed.

use gatebook_aggregates::identifiers::AppId;
use gatebook_projections::recorded::StoredEvent;
use serde::de::Error;

use super::entry::LogEntry;
use crate::store::{Cause, StoreError};

/// Formats these events as lines, as the log of an application tells them if one is named.
///
/// # Errors
/// Practically none: writing to memory does not fail.
pub fn lines(events: Vec<StoredEvent>, app_id: Option<AppId>) -> Result<Vec<u8>, StoreError> {
    let mut lines = Vec::new();
    for stored in events {
        let entry = LogEntry::shown_for(stored, app_id)?;
        serde_json::to_writer(&mut lines, &entry).map_err(not_written)?;
        lines.push(b'\n');
    }
    Ok(lines)
}

fn not_written(problem: serde_json::Error) -> StoreError {
    StoreError::internal(Cause::explained(format!("a line was not written: {problem}"), problem))
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
