//! R29: the log as CSV: RFC 4180, UTF-8, CRLF, every field quoted, and no cell that a spreadsheet could take for a
//! formula.

use std::borrow::Cow;

use csv::{QuoteStyle, Terminator, Writer, WriterBuilder};
use gatebook_aggregates::identifiers::AppId;
use gatebook_projections::recorded::StoredEvent;

use super::entry::LogEntry;
use super::spreadsheet::{cell, json_cell};
use crate::store::{Cause, StoreError};

/// Tells [`Writer::write_record`] that the row has no more fields.
const END_OF_ROW: Option<&[u8]> = None;

/// The header row.
///
/// # Errors
/// Practically none: writing to memory does not fail.
pub fn header() -> Result<Vec<u8>, StoreError> {
    let mut writer = writer();
    writer.write_record(LogEntry::COLUMNS).map_err(not_written)?;
    bytes(writer)
}

/// Formats these events as rows, as the log of an application tells them if one is named.
///
/// # Errors
/// Practically none: writing to memory does not fail.
pub fn rows(events: Vec<StoredEvent>, app_id: Option<AppId>) -> Result<Vec<u8>, StoreError> {
    let mut writer = writer();
    for stored in events {
        let entry = LogEntry::shown_for(stored, app_id)?;
        for cell in cells(&entry) {
            writer.write_field(cell.as_bytes()).map_err(not_written)?;
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
        cell(&entry.recorded_at),
        cell(&entry.app_id),
        cell(&entry.app_name),
        cell(&entry.event),
        cell(&entry.summary),
        <&str>::from(entry.actor_type).into(),
        cell(&entry.actor_id),
        cell(&entry.actor_name),
        cell(&entry.ip_address),
        cell(&entry.request_id),
        json_cell(entry.details.get()),
        cell(&entry.previous_hash),
        cell(&entry.hash),
    ]
}

fn writer() -> Writer<Vec<u8>> {
    WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .quote_style(QuoteStyle::Always)
        .from_writer(Vec::new())
}

fn bytes(writer: Writer<Vec<u8>>) -> Result<Vec<u8>, StoreError> {
    writer
        .into_inner()
        .map_err(|error| not_written(error.into_error().into()))
}

fn not_written(error: csv::Error) -> StoreError {
    let why = format!("a row of CSV could not be written: {error}");
    StoreError::internal(Cause::explained(why, error))
}
