//! A line of an exported file, as far as a comparison needs it.

use gatebook_projections::recorded::StoredEvent;
use serde_json::Value;

use super::LostEvent;
use super::access::undone;
use crate::log::hash_chain::{EventParts, hash_of};
use crate::replay::exported::Line;

pub(super) struct ExportedEvent {
    file: String,
    line: u64,
    app_name: String,
    summary: String,
    details: String,
    /// The event as stored in the log, without the payload.
    pub(super) stored: StoredEvent,
}

impl ExportedEvent {
    /// Reads a line. It is refused if its content does not match its hash, because such an event was never recorded.
    pub(super) fn read(file: &str, line: u64, bytes: &[u8]) -> Result<Self, String> {
        let read: Line = serde_json::from_slice(bytes)
            .map_err(|problem| format!("it is not a line of an exported ndjson file: {problem}"))?;
        let (app_name, summary) = (read.app_name.clone(), one_line(&read.summary));
        let parts = EventParts {
            details: read.details.get().to_owned(),
            digests_hash: read.digests_hash.clone(),
        };
        let stored = read.stored().map_err(|problem| format!("it has no hash: {problem}"))?;
        if hash_of(&stored, &parts) != stored.hash {
            return Err(
                "its content does not have the hash that it names; `gatebook log verify FILE` says more".to_owned(),
            );
        }
        Ok(Self {
            file: file.to_owned(),
            line,
            app_name,
            summary,
            details: parts.details,
            stored,
        })
    }

    /// The first 16 bytes of the hash, which identify the event.
    pub(super) fn fingerprint(&self) -> u128 {
        let beginning = self.stored.hash.get(..32);
        beginning
            .and_then(|hex| u128::from_str_radix(hex, 16).ok())
            .unwrap_or_default()
    }

    /// Describes the event as one that the database lacks.
    pub(super) fn lost(self) -> LostEvent {
        // A line with the right hash is valid JSON.
        let details: Value = serde_json::from_str(&self.details).unwrap_or_default();
        let undone = undone(&self.stored.event_type, &details);
        LostEvent {
            file: self.file,
            line: self.line,
            position: self.stored.position,
            recorded_at: self.stored.recorded_at,
            aggregate_type: self.stored.aggregate_type,
            aggregate_id: self.stored.aggregate_id,
            group_id: self.stored.group_id,
            sequence: self.stored.sequence,
            app_name: self.app_name,
            event: self.stored.event_type,
            summary: self.summary,
            took_access_away: undone.is_some(),
            undone,
        }
    }
}

/// Removes control characters, because the hash does not cover the sentence and a terminal would obey them.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
