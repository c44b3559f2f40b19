//! An event as the log holds it, and as the folds read it.

use cqrs_es::{Aggregate, DomainEvent};
use gatebook_aggregates::metadata::Metadata;
use gatebook_aggregates::timestamp::Timestamp;
use thiserror::Error;

/// An event as stored: the bytes that hashes cover, and where they stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    /// Its place in the whole log, from 1, without gaps.
    pub position: i64,
    /// When it was recorded; never earlier than its predecessor.
    pub recorded_at: String,
    /// The kind of its stream.
    pub aggregate_type: String,
    /// Its stream.
    pub aggregate_id: String,
    /// The group whose log it belongs to; empty for developers.
    pub group_id: String,
    /// The application that it speaks of; empty when it speaks of none.
    pub app_id: String,
    /// Its place in its stream, from 1, without gaps.
    pub sequence: i64,
    /// Its name.
    pub event_type: String,
    /// The version of its JSON.
    pub event_version: String,
    /// The event as compact JSON.
    pub payload: String,
    /// The [`Metadata`] as compact JSON.
    pub metadata: String,
    /// The hash of its predecessor in the stream, in hex; 64 zeros for the first.
    pub previous_hash: String,
    /// Its hash, in hex.
    pub hash: String,
}

/// An event that was read, with what a fold may know about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded<E> {
    /// Its place in the whole log.
    pub position: i64,
    /// Its place in its stream; the stream's version with it.
    pub sequence: i64,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// Its stream.
    pub aggregate_id: String,
    /// Who did it and from where.
    pub metadata: Metadata,
    /// The fact.
    pub event: E,
}

/// An event that cannot be read. Folding stops here; nothing is skipped.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the event at position {position} ({event}) cannot be read: {problem}")]
pub struct UnreadableEvent {
    /// Its place in the whole log.
    pub position: i64,
    /// Its name, version and stream, for people.
    pub event: String,
    /// What is wrong.
    pub problem: String,
}

impl StoredEvent {
    /// Reads the event of an aggregate `A`. Unknown types and versions, and anything that does not hold together, are
    /// errors.
    pub fn read<A: Aggregate>(&self) -> Result<Recorded<A::Event>, UnreadableEvent> {
        if self.aggregate_type != A::TYPE {
            return Err(self.unreadable("it belongs to another kind of stream"));
        }
        let event: A::Event =
            serde_json::from_str(&self.payload).map_err(|problem| self.unreadable(&problem.to_string()))?;
        if event.event_type() != self.event_type || event.event_version() != self.event_version {
            return Err(self.unreadable("its type and version are not those of its content"));
        }
        let metadata = serde_json::from_str(&self.metadata).map_err(|problem| self.unreadable(&problem.to_string()))?;
        let recorded_at =
            Timestamp::parse(&self.recorded_at).ok_or_else(|| self.unreadable("its time cannot be read"))?;
        let (position, sequence, aggregate_id) = (self.position, self.sequence, self.aggregate_id.clone());
        Ok(Recorded {
            position,
            sequence,
            recorded_at,
            aggregate_id,
            metadata,
            event,
        })
    }

    /// The error that says that this event cannot be read.
    pub fn unreadable(&self, problem: &str) -> UnreadableEvent {
        let Self {
            position,
            sequence,
            aggregate_type,
            aggregate_id,
            event_type,
            event_version,
            ..
        } = self;
        UnreadableEvent {
            position: *position,
            event: format!(
                "{event_type} version {event_version}, number {sequence} of {aggregate_type} {aggregate_id}"
            ),
            problem: problem.to_owned(),
        }
    }
}
