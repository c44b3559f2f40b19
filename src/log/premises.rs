//! What was added to the streams that decisions were based on, since they were read: a decision stands unless one of these
//! events takes the ground from it.

use std::collections::BTreeMap;

use gatebook_projections::recorded::StoredEvent;
use gatebook_projections::sql::Query;

use super::append::{Append, Guard, Premise};
use super::read::{SELECT_EVENTS, events};
use crate::store::{StoreError, Transaction};

/// The kind of a stream, and which.
pub(super) type Stream = (&'static str, String);

/// The newer events of the streams that waiting appends have as premises.
#[derive(Default)]
pub(super) struct Premises {
    added: BTreeMap<Stream, Vec<StoredEvent>>,
}

impl Premises {
    /// Reads them under the log's lock. Streams that have not moved on since, as nearly all, take no query.
    pub(super) async fn read(
        transaction: &mut dyn Transaction,
        appends: &[Append],
        versions: &BTreeMap<Stream, i64>,
    ) -> Result<Self, StoreError> {
        let mut since: BTreeMap<Stream, i64> = BTreeMap::new();
        for Premise { guard, .. } in appends.iter().flat_map(|append| &append.premises) {
            let oldest = since.entry(stream(guard)).or_insert(guard.version);
            *oldest = guard.version.min(*oldest);
        }
        let mut added = BTreeMap::new();
        for (stream, since) in since {
            let moved_on = versions.get(&stream).is_some_and(|version| *version > since);
            let newer = match moved_on {
                true => newer(transaction, &stream, since).await?,
                false => Vec::new(),
            };
            added.insert(stream, newer);
        }
        Ok(Self { added })
    }

    /// Takes note of what the batch itself adds.
    pub(super) fn placed(&mut self, stream: &Stream, events: &[StoredEvent]) {
        if let Some(added) = self.added.get_mut(stream) {
            added.extend_from_slice(events);
        }
    }

    /// Whether a decision stands, its stream being at this version by now.
    pub(super) fn hold(&self, premise: &Premise, version: i64) -> bool {
        let seen = premise.guard.version;
        let added = self.added.get(&stream(&premise.guard)).map_or(&[][..], Vec::as_slice);
        let mut since = added.iter().filter(|event| event.sequence > seen);
        seen <= version && since.all(|event| (premise.stands_after)(event))
    }
}

fn stream(guard: &Guard) -> Stream {
    (guard.aggregate_type, guard.aggregate_id.clone())
}

async fn newer(
    transaction: &mut dyn Transaction,
    (aggregate_type, aggregate_id): &Stream,
    since: i64,
) -> Result<Vec<StoredEvent>, StoreError> {
    let sql =
        format!("{SELECT_EVENTS} where aggregate_type = $1 and aggregate_id = $2 and sequence > $3 order by sequence");
    let args = [(*aggregate_type).into(), aggregate_id.as_str().into(), since.into()];
    events(transaction.rows(Query::new(sql, args)).await?)
}
