//! Streams that are not read from their first event by each command: what this process knows of them up to some event, and
//! the events after it.
//!
//! It was folded from the events, by this process, and stands under the hash of its stream's last event. That hash covers the
//! event and the hash before it, and so everything that has ever happened in the stream: whoever finds the same hash at the
//! same place need not look at anything earlier. Otherwise the stream is read whole, as `verify` and `rebuild` always do. No
//! row of a table is believed for it. See docs/decisions/0110.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cqrs_es::Aggregate;
use gatebook_aggregates::group::Group;
use gatebook_projections::groups::{GroupRow, Groups};
use gatebook_projections::recorded::Recorded;
use gatebook_projections::row_base::RowBase;

/// How many entities and users of groups are remembered, all groups together: some tens of megabytes.
const REMEMBERED_MAX: usize = 200_000;

/// The row after these events, which come after those that a row stands for.
type FoldOnto<A> = fn(&RowBase, &[Recorded<<A as Aggregate>::Event>]) -> Option<RowBase>;

/// How an aggregate follows from the row of its one projection, which tells all that commands are decided on.
pub struct SnapshotOf<A: Aggregate> {
    /// The row after these events.
    fold: FoldOnto<A>,
    /// The aggregate, and where the row stands: version and position.
    aggregate: fn(&RowBase) -> Option<(A, i64, i64)>,
    /// How much memory it takes, in things of which a row holds thousands.
    weight: fn(&RowBase) -> usize,
}

/// What is known of a stream up to an event.
pub(super) struct Known<A> {
    pub(super) aggregate: A,
    pub(super) row: RowBase,
    /// The last event that is more than a look: its number and its position.
    pub(super) end: (i64, i64),
    /// The stream's last event, which may be a look: its number and its hash.
    pub(super) last: (i64, String),
    /// The generation of the tables that this process has written the row to; none if it has only read the stream.
    pub(super) stored_in: Option<String>,
}

/// The row of a stream, with what it stands for.
#[derive(Clone)]
pub(super) struct RowAt {
    pub(super) row: RowBase,
    /// As of [`Known`].
    pub(super) last: (i64, String),
    /// As of [`Known`].
    pub(super) stored_in: Option<String>,
}

/// A group's row is all of it.
pub(super) const OF_GROUPS: SnapshotOf<Group> = SnapshotOf {
    fold: |base, history| base.fold::<Groups>(history).map(RowBase::of),
    aggregate: |base| {
        let row = base.row::<GroupRow>()?;
        let group = Group::Registered(Box::new(row.customer.clone()));
        Some((group, row.version, row.position))
    },
    weight: |base| {
        let row = base.row::<GroupRow>();
        row.map_or(1, |row| 1 + row.customer.entities.len() + row.customer.users.len())
    },
};

impl<A: Aggregate> SnapshotOf<A> {
    /// What a row tells of a stream.
    pub(super) fn known(&self, at: RowAt) -> Option<Known<A>> {
        let RowAt { row, last, stored_in } = at;
        let (aggregate, version, position) = (self.aggregate)(&row)?;
        Some(Known {
            aggregate,
            row,
            end: (version, position),
            last,
            stored_in,
        })
    }

    /// The aggregate that a row tells of.
    pub(super) fn aggregate(&self, row: &RowBase) -> Option<A> {
        let (aggregate, ..) = (self.aggregate)(row)?;
        Some(aggregate)
    }

    /// The row after these events, if it stands at this version.
    pub(super) fn row_at(&self, version: i64, base: &RowBase, history: &[Recorded<A::Event>]) -> Option<RowBase> {
        let row = (self.fold)(base, history)?;
        let (_, stands_at, _) = (self.aggregate)(&row)?;
        (stands_at == version).then_some(row)
    }
}

/// What this process remembers, by stream.
#[derive(Clone, Default)]
pub struct Snapshots(Arc<Mutex<Remembered>>);

#[derive(Default)]
struct Remembered {
    streams: BTreeMap<(&'static str, String), Entry>,
    weight: usize,
    /// Counts uses, to forget what was used longest ago.
    uses: u64,
}

struct Entry {
    at: RowAt,
    weight: usize,
    used: u64,
}

impl Snapshots {
    /// What is remembered of a stream.
    pub(super) fn get<A: Aggregate>(&self, of: &SnapshotOf<A>, id: &str) -> Option<Known<A>> {
        let at = self.remembered().get(&(A::TYPE, id.to_owned()))?;
        of.known(at)
    }

    /// Remembers the row of a stream.
    pub(super) fn put<A: Aggregate>(&self, of: &SnapshotOf<A>, id: &str, at: RowAt) {
        let weight = (of.weight)(&at.row);
        let mut remembered = self.remembered();
        remembered.uses += 1;
        let used = remembered.uses;
        let entry = Entry { at, weight, used };
        remembered.put((A::TYPE, id.to_owned()), entry);
    }

    /// Forgets a stream.
    pub(super) fn forget<A: Aggregate>(&self, id: &str) {
        self.remembered().forget(&(A::TYPE, id.to_owned()));
    }

    /// Whoever panicked with it left each entry whole.
    fn remembered(&self) -> MutexGuard<'_, Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Remembered {
    fn get(&mut self, key: &(&'static str, String)) -> Option<RowAt> {
        self.uses += 1;
        let entry = self.streams.get_mut(key)?;
        entry.used = self.uses;
        Some(entry.at.clone())
    }

    /// An older entry stays away, whoever was slow to remember it; so does one of the same age that knows less of the tables,
    /// and one that is too large alone.
    fn put(&mut self, key: (&'static str, String), entry: Entry) {
        let knows_more = |known: &RowAt| {
            known.last.0 > entry.at.last.0
                || known.last == entry.at.last && known.stored_in.is_some() && entry.at.stored_in.is_none()
        };
        if self.streams.get(&key).is_some_and(|known| knows_more(&known.at)) {
            return;
        }
        self.forget(&key);
        if entry.weight > REMEMBERED_MAX {
            return;
        }
        self.weight += entry.weight;
        self.streams.insert(key, entry);
        while self.weight > REMEMBERED_MAX {
            let oldest = self.streams.iter().min_by_key(|(_, entry)| entry.used);
            let Some(key) = oldest.map(|(key, _)| key.clone()) else {
                return;
            };
            self.forget(&key);
        }
    }

    fn forget(&mut self, key: &(&'static str, String)) {
        if let Some(entry) = self.streams.remove(key) {
            self.weight -= entry.weight;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(sequence: i64, weight: usize, used: u64) -> Entry {
        Entry {
            at: RowAt {
                row: RowBase::default(),
                last: (sequence, format!("hash {sequence}")),
                stored_in: None,
            },
            weight,
            used,
        }
    }

    fn key(id: &str) -> (&'static str, String) {
        ("Group", id.to_owned())
    }

    fn remembered(remembered: &Remembered) -> Vec<&str> {
        remembered.streams.keys().map(|(_, id)| id.as_str()).collect()
    }

    #[test]
    fn what_was_used_longest_ago_is_forgotten_when_there_is_too_much() {
        let mut all = Remembered::default();
        all.put(key("a"), entry(1, REMEMBERED_MAX / 2, 1));
        all.put(key("b"), entry(1, REMEMBERED_MAX / 2, 2));
        all.uses = 2;
        assert!(all.get(&key("a")).is_some());
        all.put(key("c"), entry(1, 1, 4));
        assert_eq!(remembered(&all), ["a", "c"]);
        // What is too large alone is not remembered at all.
        all.put(key("d"), entry(1, REMEMBERED_MAX + 1, 5));
        assert_eq!(remembered(&all), ["a", "c"]);
    }

    #[test]
    fn whoever_has_only_read_a_stream_does_not_make_its_writer_forget_where_it_wrote() {
        let mut all = Remembered::default();
        let mut written = entry(7, 1, 1);
        written.at.stored_in = Some("1.0".to_owned());
        all.put(key("a"), written);
        all.put(key("a"), entry(7, 1, 2));
        assert_eq!(all.get(&key("a")).unwrap().stored_in.as_deref(), Some("1.0"));
    }

    #[test]
    fn whoever_is_slow_to_remember_does_not_bring_the_past_back() {
        let mut all = Remembered::default();
        all.put(key("a"), entry(7, 1, 1));
        all.put(key("a"), entry(6, 1, 2));
        assert_eq!(all.get(&key("a")).map(|at| at.last), Some((7, "hash 7".to_owned())));
    }
}
