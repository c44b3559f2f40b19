//! R29: the log as CSV: RFC 4180, UTF-8, CRLF, and no cell that a spreadsheet takes for a formula.

use std::borrow::Cow;

use csv::{Terminator, Writer, WriterBuilder};
use gatebook_projections::recorded::StoredEvent;

use super::entry::LogEntry;
use crate::store::StoreError;

/// R29: spreadsheets take a cell that starts with one of these for a formula.
const FORMULA_STARTS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// What [`Writer::write_record`] takes for: no more fields.
const END_OF_ROW: Option<&[u8]> = None;

/// The header row.
///
/// # Errors
/// Never in practice; writing to memory can fail by its type.
pub fn header() -> Result<Vec<u8>, StoreError> {
    let mut writer = writer();
    writer.write_record(LogEntry::COLUMNS).map_err(not_written)?;
    bytes(writer)
}

/// The rows of these events.
///
/// # Errors
/// Never in practice; writing to memory can fail by its type.
pub fn rows(events: &[StoredEvent]) -> Result<Vec<u8>, StoreError> {
    let mut writer = writer();
    for stored in events {
        let entry = LogEntry::shown(stored)?;
        for cell in cells(&entry) {
            writer.write_field(safe(&cell).as_bytes()).map_err(not_written)?;
        }
        writer.write_record(END_OF_ROW).map_err(not_written)?;
    }
    bytes(writer)
}

/// The entry's cells, in the order of [`LogEntry::COLUMNS`].
fn cells(entry: &LogEntry) -> [Cow<'_, str>; 15] {
    [
        entry.position.to_string().into(),
        entry.sequence.to_string().into(),
        entry.recorded_at.as_str().into(),
        entry.app_id.as_str().into(),
        entry.app_name.as_str().into(),
        entry.event.as_str().into(),
        entry.summary.as_str().into(),
        <&str>::from(entry.actor_type).into(),
        entry.actor_id.as_str().into(),
        entry.actor_name.as_str().into(),
        entry.ip_address.as_str().into(),
        entry.request_id.as_str().into(),
        entry.details.get().into(),
        entry.previous_hash.as_str().into(),
        entry.hash.as_str().into(),
    ]
}

/// R29: the cell, with an apostrophe before it if it could act as a formula.
fn safe(cell: &str) -> Cow<'_, str> {
    if cell.starts_with(FORMULA_STARTS) {
        format!("'{cell}").into()
    } else {
        cell.into()
    }
}

fn writer() -> Writer<Vec<u8>> {
    WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .from_writer(Vec::new())
}

fn bytes(writer: Writer<Vec<u8>>) -> Result<Vec<u8>, StoreError> {
    writer
        .into_inner()
        .map_err(|error| not_written(error.into_error().into()))
}

fn not_written(error: csv::Error) -> StoreError {
    StoreError::Refused(format!("a row of CSV could not be written: {error}"))
}
