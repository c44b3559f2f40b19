//! What was added to the streams that decisions were based on, since they were read: a decision stands unless one of these
//! events takes the ground from it.

use std::collections::BTreeMap;

use gatebook_projections::recorded::StoredEvent;
use gatebook_projections::sql::{Query, Value};

use super::append::{Append, Guard, Precondition, StreamAppend};
use super::read::newer;
use super::readable::audited_reads_of;
use crate::store::{StoreError, Transaction};

/// The kind of a stream, and which.
pub(super) type Stream = (&'static str, String);

/// The newer events of the streams that waiting appends are based on or add to, without looks.
#[derive(Default)]
pub(super) struct Preconditions {
    added: BTreeMap<Stream, Vec<StoredEvent>>,
    /// The hash of the last event of each stream that has moved on, or is written to.
    last_hashes: BTreeMap<Stream, String>,
}

impl Preconditions {
    /// Reads them under the log's lock. Streams that have not moved on since, as nearly all, take no query.
    pub(super) async fn read(
        transaction: &mut dyn Transaction,
        appends: &[Append],
        versions: &BTreeMap<Stream, i64>,
    ) -> Result<Self, StoreError> {
        let mut preconditions = Self::default();
        let written = || appends.iter().flat_map(|append| &append.streams);
        let based_on = appends.iter().flat_map(|append| &append.preconditions);
        let guards = based_on.map(|precondition| &precondition.guard);
        let mut since: BTreeMap<Stream, i64> = BTreeMap::new();
        for guard in guards.chain(written().map(|stream| &stream.expected)) {
            let oldest = since.entry(guard.stream()).or_insert(guard.version);
            *oldest = guard.version.min(*oldest);
        }
        let moved_on = |stream: &Stream, since: i64| versions.get(stream).is_some_and(|version| *version > since);
        for (stream, since) in since {
            let newer = match moved_on(&stream, since) {
                true => newer(transaction, stream.0, &stream.1, since, audited_reads_of(stream.0)).await?,
                false => Vec::new(),
            };
            preconditions.added.insert(stream, newer);
        }
        for guard in written().map(|stream| &stream.expected) {
            let stream = guard.stream();
            if moved_on(&stream, guard.version) && !preconditions.last_hashes.contains_key(&stream) {
                let hash = last_hash(transaction, &stream).await?;
                preconditions.last_hashes.insert(stream, hash);
            }
        }
        Ok(preconditions)
    }

    /// Takes note of what the batch itself adds.
    pub(super) fn placed(&mut self, stream: &Stream, events: &[StoredEvent]) {
        let audited_reads = audited_reads_of(stream.0);
        if let Some(added) = self.added.get_mut(stream) {
            let decisive = events
                .iter()
                .filter(|event| !audited_reads.contains(&event.event_type.as_str()));
            added.extend(decisive.cloned());
        }
        if let Some(last) = events.last() {
            self.last_hashes.insert(stream.clone(), last.hash.clone());
        }
    }

    /// Whether a decision stands, its stream being at this version by now.
    pub(super) fn hold(&self, precondition: &Precondition, version: i64) -> bool {
        self.stands(&precondition.guard, version, |event| (precondition.holds_after)(event))
    }

    /// Whether events can be added to a stream that is at this version by now.
    pub(super) fn follow(&self, append: &StreamAppend, version: i64) -> bool {
        let holds_after = append.holds_after.as_ref();
        self.stands(&append.expected, version, |event| {
            holds_after.is_some_and(|stands| stands(event))
        })
    }

    /// The hash that the next event of a stream follows, if the stream has moved on since the append was made.
    pub(super) fn last_hash(&self, stream: &Stream) -> Option<&String> {
        self.last_hashes.get(stream)
    }

    fn stands(&self, guard: &Guard, version: i64, holds_after: impl Fn(&StoredEvent) -> bool) -> bool {
        let seen = guard.version;
        let added = self.added.get(&guard.stream()).map_or(&[][..], Vec::as_slice);
        let mut since = added.iter().filter(|event| event.sequence > seen);
        seen <= version && since.all(holds_after)
    }
}

async fn last_hash(transaction: &mut dyn Transaction, stream: &Stream) -> Result<String, StoreError> {
    let sql = "select hash from events where aggregate_type = $1 and aggregate_id = $2 order by sequence desc limit 1";
    let rows = transaction
        .rows(Query::new(sql, [stream.0.into(), stream.1.as_str().into()]))
        .await?;
    match rows.into_iter().flatten().next() {
        Some(Value::Text(hash)) => Ok(hash),
        _ => Err(StoreError::internal(format!(
            "{} {} has no last event",
            stream.0, stream.1
        ))),
    }
}
