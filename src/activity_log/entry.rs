//! One entry of the activity log, with the names of the public contract.

use gatebook_aggregates::identifiers::AppId;
use gatebook_aggregates::metadata::{ActorType, Metadata};
use gatebook_projections::recorded::{StoredEvent, UnreadableEvent};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::summary::{described, usage};
use crate::log::hash_chain::{EventParts, hash_of};

/// An event as the log shows it. The fields up to `hash` are the columns of the CSV, in order; the others are needed to
/// recompute the hash.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogEntry {
    /// Its place in the whole log.
    pub position: i64,
    /// Its place in its stream.
    pub sequence: i64,
    pub recorded_at: String,
    /// The application that it concerns. Empty if there is none.
    pub app_id: String,
    /// R6: that application's name.
    pub app_name: String,
    pub event: String,
    /// What happened, as an English sentence.
    pub summary: String,
    pub actor_type: ActorType,
    /// Unique among actors of the same type.
    pub actor_id: String,
    /// The name at the time of the event.
    pub actor_name: String,
    /// The address that the request came from.
    pub ip_address: String,
    pub request_id: String,
    /// What changed, as compact JSON without digests.
    pub details: Box<RawValue>,
    /// The hash of the previous event in the stream.
    pub previous_hash: String,
    pub hash: String,
    /// The stream, as kind and id. `sequence` and `previous_hash` refer to it.
    pub stream: String,
    pub aggregate_type: String,
    pub aggregate_id: String,
    /// The group whose log contains the event.
    pub group_id: String,
    /// The version of its JSON.
    pub event_version: String,
    /// The hash of its digests. Empty if it has none.
    pub digests_hash: String,
    /// The stored metadata, for an unreadable event whose metadata fields above are therefore empty.
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

    /// The entry of a readable event.
    ///
    /// # Errors
    /// The event is unreadable, or its stored metadata is not exactly the JSON of its fields: the hash covers those
    /// bytes and could not be recomputed from the entry.
    #[cfg(test)]
    pub fn of(stored: &StoredEvent) -> Result<Self, UnreadableEvent> {
        Shown::of(stored).map(|shown| Self::new(stored.clone(), shown))
    }

    /// The entry of any event. An unreadable one keeps its stored bytes and gets a summary that says so, so that no
    /// event is missing from a log.
    ///
    /// # Errors
    /// Practically none: everything stored can be shown as text.
    pub fn shown(stored: StoredEvent) -> Result<Self, UnreadableEvent> {
        let shown = Shown::of(&stored).or_else(|_| {
            let shown = Shown::of_unreadable(&stored);
            shown.map_err(|problem| stored.unreadable(&format!("its JSON: {problem}")))
        })?;
        Ok(Self::new(stored, shown))
    }

    /// The same in the log of an application: what an event says of many applications is told of this one.
    ///
    /// # Errors
    /// As above.
    pub fn shown_for(stored: StoredEvent, app_id: Option<AppId>) -> Result<Self, UnreadableEvent> {
        let summary = app_id.and_then(|app_id| usage::described_for(&stored, app_id));
        let entry = Self::shown(stored)?;
        Ok(match summary {
            Some(summary) => Self { summary, ..entry },
            None => entry,
        })
    }

    fn new(stored: StoredEvent, shown: Shown) -> Self {
        let Shown {
            details,
            digests_hash,
            metadata,
            summary,
            metadata_as_stored,
        } = shown;
        Self {
            position: stored.position,
            sequence: stored.sequence,
            recorded_at: stored.recorded_at,
            app_id: stored.app_id,
            app_name: metadata.app_name,
            event: stored.event_type,
            summary,
            actor_type: metadata.actor_type,
            actor_id: metadata.actor_id,
            actor_name: metadata.actor_name.into_inner(),
            ip_address: metadata.ip_address.into_inner(),
            request_id: metadata.request_id,
            details,
            previous_hash: stored.previous_hash,
            hash: stored.hash,
            stream: stream(&stored.aggregate_type, &stored.aggregate_id),
            aggregate_type: stored.aggregate_type,
            aggregate_id: stored.aggregate_id,
            group_id: stored.group_id,
            event_version: stored.event_version,
            digests_hash,
            metadata: metadata_as_stored,
        }
    }
    /// The hash of the entry's own fields. It differs from `hash` if something was changed by hand.
    ///
    /// The summary is derived, so the hash does not cover it.
    pub fn recomputed_hash(&self) -> Result<String, serde_json::Error> {
        let metadata = Metadata {
            actor_type: self.actor_type,
            actor_id: self.actor_id.clone(),
            actor_name: self.actor_name.clone().into(),
            ip_address: self.ip_address.clone().into(),
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
            // `hash_of` takes the payload from `EventParts` instead.
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

    /// Whether `stream` matches the fields that it repeats; the hash does not cover it.
    pub(super) fn names_its_stream(&self) -> bool {
        self.stream == stream(&self.aggregate_type, &self.aggregate_id)
    }
}

/// What an entry shows of what is inside of an event.
struct Shown {
    details: Box<RawValue>,
    digests_hash: String,
    metadata: Metadata,
    summary: String,
    metadata_as_stored: Option<String>,
}

impl Shown {
    fn of(stored: &StoredEvent) -> Result<Self, UnreadableEvent> {
        let parts = EventParts::of(stored)?;
        let (metadata, summary) = described(stored)?;
        if !gives_the_stored_bytes(&metadata, stored) {
            return Err(stored.unreadable("its metadata is not the compact JSON of its fields"));
        }
        Self::new(parts, metadata, summary).map_err(|problem| stored.unreadable(&format!("its JSON: {problem}")))
    }

    fn of_unreadable(stored: &StoredEvent) -> Result<Self, serde_json::Error> {
        let parts = match EventParts::of(stored) {
            Ok(parts) => parts,
            // Its fields cannot be separated, so the whole text is shown.
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
            Some(metadata) => Self::new(parts, metadata, summary),
            None => Ok(Self {
                metadata_as_stored: Some(stored.metadata.clone()),
                ..Self::new(parts, nobody(), summary)?
            }),
        }
    }

    fn new(
        EventParts { details, digests_hash }: EventParts,
        metadata: Metadata,
        summary: String,
    ) -> Result<Self, serde_json::Error> {
        Ok(Self {
            details: RawValue::from_string(details)?,
            digests_hash,
            metadata,
            summary,
            metadata_as_stored: None,
        })
    }
}

/// The event for the JSON timeline of an application: an object with the contract's columns, in which `details` is an object.
///
/// # Errors
/// See [`LogEntry::shown`].
pub fn timeline(stored: &StoredEvent, app_id: AppId) -> Result<Value, UnreadableEvent> {
    let entry = serde_json::to_value(LogEntry::shown_for(stored.clone(), Some(app_id))?);
    let mut entry = entry.map_err(|problem| stored.unreadable(&problem.to_string()))?;
    if let Value::Object(fields) = &mut entry {
        fields.retain(|name, _| LogEntry::COLUMNS.contains(&name.as_str()));
    }
    Ok(entry)
}

/// Whether the metadata has exactly the stored bytes, which the hash covers.
fn gives_the_stored_bytes(metadata: &Metadata, stored: &StoredEvent) -> bool {
    serde_json::to_string(metadata).is_ok_and(|bytes| bytes == stored.metadata)
}

/// Empty metadata, for an event whose own metadata cannot be read.
fn nobody() -> Metadata {
    Metadata {
        actor_type: ActorType::System,
        actor_id: String::new(),
        actor_name: String::new().into(),
        ip_address: String::new().into(),
        request_id: String::new(),
        app_name: String::new(),
    }
}

/// The name of a stream in exported files. No kind contains a slash.
pub fn stream(aggregate_type: &str, aggregate_id: &str) -> String {
    format!("{aggregate_type}/{aggregate_id}")
}
