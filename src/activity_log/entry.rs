//! One line of the activity log, in the contract's words.

use gatebook_aggregates::metadata::{ActorType, Metadata};
use gatebook_projections::recorded::{StoredEvent, UnreadableEvent};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::summary::described;
use crate::log::hash_chain::{EventParts, hash_of};

/// An event as the log shows it. Fields up to `hash` are the columns of the CSV, in order; the rest is what
/// recomputing the hash needs besides.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogEntry {
    /// Its place in the whole log.
    pub position: i64,
    /// Its place in its stream.
    pub sequence: i64,
    /// When it was recorded.
    pub recorded_at: String,
    /// The application that it speaks of; empty when it speaks of none.
    pub app_id: String,
    /// R6: that application's name.
    pub app_name: String,
    /// The event's name.
    pub event: String,
    /// What happened, as an English sentence.
    pub summary: String,
    /// What kind of somebody acted.
    pub actor_type: ActorType,
    /// Their id among their kind.
    pub actor_id: String,
    /// Their name at the time.
    pub actor_name: String,
    /// The address the request came from.
    pub ip_address: String,
    /// The request.
    pub request_id: String,
    /// What changed, as compact JSON, without any digest.
    pub details: Box<RawValue>,
    /// The hash of its predecessor in the stream.
    pub previous_hash: String,
    /// Its hash.
    pub hash: String,
    /// Its stream: kind and id. `sequence` and `previous_hash` count in it.
    pub stream: String,
    /// The kind of its stream.
    pub aggregate_type: String,
    /// Its stream.
    pub aggregate_id: String,
    /// The group whose log it belongs to.
    pub group_id: String,
    /// The version of its JSON.
    pub event_version: String,
    /// The hash of its digests; empty when it has none.
    pub digests_hash: String,
    /// The metadata as it is stored, of an event that cannot be read and whose fields above are empty because of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<String>,
}

impl LogEntry {
    /// The columns of the CSV and the fields of the timeline, in order.
    pub const COLUMNS: [&str; 15] = [
        "position",
        "sequence",
        "recorded_at",
        "app_id",
        "app_name",
        "event",
        "summary",
        "actor_type",
        "actor_id",
        "actor_name",
        "ip_address",
        "request_id",
        "details",
        "previous_hash",
        "hash",
    ];

    /// The entry of a stored event.
    ///
    /// # Errors
    /// An event that cannot be read, or whose metadata has other bytes than its fields give: the hash covers those
    /// bytes, and nobody could recompute it from the entry.
    pub fn of(stored: &StoredEvent) -> Result<Self, UnreadableEvent> {
        let parts = EventParts::of(stored)?;
        let (metadata, summary) = described(stored)?;
        if !gives_the_stored_bytes(&metadata, stored) {
            return Err(stored.unreadable("its metadata is not the compact JSON of its fields"));
        }
        Self::new(stored, parts, metadata, summary)
            .map_err(|problem| stored.unreadable(&format!("its JSON: {problem}")))
    }

    /// The entry of any event. One that cannot be read has its stored bytes, and a summary that says so: nothing is left out
    /// of a log that somebody reads.
    ///
    /// # Errors
    /// Never in practice: whatever is stored can be shown as text.
    pub fn shown(stored: &StoredEvent) -> Result<Self, UnreadableEvent> {
        Self::of(stored).or_else(|_| {
            let entry = Self::of_unreadable(stored);
            entry.map_err(|problem| stored.unreadable(&format!("its JSON: {problem}")))
        })
    }

    fn of_unreadable(stored: &StoredEvent) -> Result<Self, serde_json::Error> {
        let parts = match EventParts::of(stored) {
            Ok(parts) => parts,
            // It has no fields that could be told apart; the text is shown whole.
            Err(_) => EventParts {
                details: serde_json::to_string(&stored.payload)?,
                digests_hash: String::new(),
            },
        };
        let summary = format!(
            "An event that cannot be read: {} version {}.",
            stored.event_type, stored.event_version
        );
        let metadata = serde_json::from_str(&stored.metadata).ok();
        match metadata.filter(|metadata| gives_the_stored_bytes(metadata, stored)) {
            Some(metadata) => Self::new(stored, parts, metadata, summary),
            None => Ok(Self {
                metadata: Some(stored.metadata.clone()),
                ..Self::new(stored, parts, nobody(), summary)?
            }),
        }
    }

    fn new(
        stored: &StoredEvent,
        EventParts { details, digests_hash }: EventParts,
        metadata: Metadata,
        summary: String,
    ) -> Result<Self, serde_json::Error> {
        let details = RawValue::from_string(details)?;
        Ok(Self {
            position: stored.position,
            sequence: stored.sequence,
            recorded_at: stored.recorded_at.clone(),
            app_id: stored.app_id.clone(),
            app_name: metadata.app_name,
            event: stored.event_type.clone(),
            summary,
            actor_type: metadata.actor_type,
            actor_id: metadata.actor_id,
            actor_name: metadata.actor_name,
            ip_address: metadata.ip_address,
            request_id: metadata.request_id,
            details,
            previous_hash: stored.previous_hash.clone(),
            hash: stored.hash.clone(),
            stream: stream(&stored.aggregate_type, &stored.aggregate_id),
            aggregate_type: stored.aggregate_type.clone(),
            aggregate_id: stored.aggregate_id.clone(),
            group_id: stored.group_id.clone(),
            event_version: stored.event_version.clone(),
            digests_hash,
            metadata: None,
        })
    }

    /// The hash that the entry's own fields give; another than `hash` when something was changed by hand.
    ///
    /// The summary is a retelling and not covered.
    pub fn recomputed_hash(&self) -> Result<String, serde_json::Error> {
        let metadata = Metadata {
            actor_type: self.actor_type,
            actor_id: self.actor_id.clone(),
            actor_name: self.actor_name.clone(),
            ip_address: self.ip_address.clone(),
            request_id: self.request_id.clone(),
            app_name: self.app_name.clone(),
        };
        let stored = StoredEvent {
            position: self.position,
            recorded_at: self.recorded_at.clone(),
            aggregate_type: self.aggregate_type.clone(),
            aggregate_id: self.aggregate_id.clone(),
            group_id: self.group_id.clone(),
            app_id: self.app_id.clone(),
            sequence: self.sequence,
            event_type: self.event.clone(),
            event_version: self.event_version.clone(),
            // Covered by the parts it was taken apart into.
            payload: String::new(),
            metadata: match &self.metadata {
                Some(stored) => stored.clone(),
                None => serde_json::to_string(&metadata)?,
            },
            previous_hash: self.previous_hash.clone(),
            hash: String::new(),
        };
        let parts = EventParts {
            details: self.details.get().to_owned(),
            digests_hash: self.digests_hash.clone(),
        };
        Ok(hash_of(&stored, &parts))
    }

    /// Whether `stream` is what the fields beside it say; no hash covers the repetition.
    pub(super) fn names_its_stream(&self) -> bool {
        self.stream == stream(&self.aggregate_type, &self.aggregate_id)
    }
}

/// The event for the JSON timeline: an object with the contract's columns, `details` an object in it.
///
/// # Errors
/// See [`LogEntry::of`].
pub fn timeline(stored: &StoredEvent) -> Result<Value, UnreadableEvent> {
    let entry = serde_json::to_value(LogEntry::shown(stored)?);
    let mut entry = entry.map_err(|problem| stored.unreadable(&problem.to_string()))?;
    if let Value::Object(fields) = &mut entry {
        fields.retain(|name, _| LogEntry::COLUMNS.contains(&name.as_str()));
    }
    Ok(entry)
}

/// Whether the metadata is all that is stored of it: the hash covers the stored bytes.
fn gives_the_stored_bytes(metadata: &Metadata, stored: &StoredEvent) -> bool {
    serde_json::to_string(metadata).is_ok_and(|bytes| bytes == stored.metadata)
}

/// Whoever acted, of an event whose metadata cannot be read.
fn nobody() -> Metadata {
    Metadata {
        actor_type: ActorType::System,
        actor_id: String::new(),
        actor_name: String::new(),
        ip_address: String::new(),
        request_id: String::new(),
        app_name: String::new(),
    }
}

/// The name of a stream in exported files. No kind has a slash in its name.
pub fn stream(aggregate_type: &str, aggregate_id: &str) -> String {
    format!("{aggregate_type}/{aggregate_id}")
}
