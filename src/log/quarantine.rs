//! The one exception from “never skipped”: an event that this program cannot read, and that an operator has named with
//! `gatebook log quarantine`. It stays in the log and in the hash chain; whoever reads its stream passes over it.
//!
//! What is named is told by events of the stream `system`, so that every node and every rebuild knows the same. It is
//! asked for only when something cannot be read: a stream that can be read costs nothing. And a program that can read the
//! event, because it is newer, reads it.

use std::collections::BTreeMap;

use cqrs_es::Aggregate;
use gatebook_aggregates::system::{SYSTEM_ID, System, SystemEvent};
use gatebook_projections::projection::{AnyProjection, stand_at};
use gatebook_projections::recorded::{StoredEvent, UnreadableEvent};
use gatebook_projections::row::StoredRow;

use super::hash_chain::hash_as_stored;
use super::read::{self, events, stream_query};
use super::readable::audited_reads_of;
use super::readable::check;
use crate::store::{Database, StoreError, Transaction};

/// The events that are passed over, by their positions.
#[derive(Clone, Debug, Default)]
pub struct Quarantine(BTreeMap<i64, QuarantineEntry>);

/// An event as it was named.
#[derive(Clone, Debug)]
struct QuarantineEntry {
    hash: String,
    reason: String,
}

impl Quarantine {
    /// What has been named until now.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub async fn read(database: &dyn Database) -> Result<Self, StoreError> {
        Ok(Self::of(&read::stream(database, System::TYPE, SYSTEM_ID).await?))
    }

    /// The same, as a transaction sees it.
    ///
    /// # Errors
    /// As above.
    pub async fn read_in(transaction: &mut dyn Transaction) -> Result<Self, StoreError> {
        let query = stream_query(System::TYPE, SYSTEM_ID);
        Ok(Self::of(&events(transaction.rows(query).await?)?))
    }

    /// What the events of the stream `system` name. One of them that cannot be read itself names nothing.
    fn of(system: &[StoredEvent]) -> Self {
        let named = system.iter().filter_map(|stored| {
            let SystemEvent::EventQuarantined {
                position, hash, reason, ..
            } = stored.read::<System>().ok()?.event
            else {
                return None;
            };
            let reason = reason.as_str().to_owned();
            Some((position, QuarantineEntry { hash, reason }))
        });
        Self(named.collect())
    }

    /// Why the event was named, if it was. Another one that somebody has put in its place was not.
    pub fn reason(&self, event: &StoredEvent) -> Option<&str> {
        let named = self.0.get(&event.position)?;
        (named.hash == hash_as_stored(event)).then_some(named.reason.as_str())
    }

    /// Whether the event is passed over: it was named, and really cannot be read.
    pub fn passes_over(&self, event: &StoredEvent) -> bool {
        self.reason(event).is_some() && check(event).is_err()
    }

    /// The row that a stream folds to, without what is passed over. The row stands at the end of its stream
    /// all the same.
    ///
    /// # Errors
    /// An event that cannot be read and has not been named.
    pub fn fold(
        &self,
        projection: &AnyProjection,
        stream: &[StoredEvent],
    ) -> Result<Option<StoredRow>, UnreadableEvent> {
        if self.0.is_empty() {
            return projection.fold_stream(stream);
        }
        let read: Vec<_> = stream
            .iter()
            .filter(|event| !self.passes_over(event))
            .cloned()
            .collect();
        let mut row = projection.fold_stream(&read)?;
        // Looks move no version.
        let mut newest_first = stream.iter().rev();
        let last =
            newest_first.find(|event| !audited_reads_of(&event.aggregate_type).contains(&event.event_type.as_str()));
        if let (Some(row), Some(last)) = (&mut row, last) {
            stand_at(projection.columns, &mut row.values, last.sequence, last.position);
        }
        Ok(row)
    }

    /// The same, also without what cannot be read and has not been named. Such a row stands at the last event that could be
    /// read, so that nothing is decided on it as if it knew the rest.
    ///
    /// # Errors
    /// Never in practice: what is left can be read.
    pub fn fold_readable(
        &self,
        projection: &AnyProjection,
        stream: &[StoredEvent],
    ) -> Result<Option<StoredRow>, UnreadableEvent> {
        let read = stream
            .iter()
            .filter(|event| self.passes_over(event) || check(event).is_ok());
        self.fold(projection, &read.cloned().collect::<Vec<_>>())
    }

    /// What of these cannot be read and has not been named.
    pub fn unreadable(&self, events: &[StoredEvent]) -> Vec<(StoredEvent, UnreadableEvent)> {
        let unread = events.iter().filter(|event| !self.passes_over(event));
        let found = unread.filter_map(|event| check(event).err().map(|problem| (event.clone(), problem)));
        found.collect()
    }
}
