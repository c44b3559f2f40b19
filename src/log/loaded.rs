//! A stream as it was read: what a command is decided on, and what its events are appended to.

use std::sync::{Arc, Mutex, PoisonError};

use cqrs_es::{Aggregate, AggregateContext, DomainEvent};
use gatebook_aggregates::metadata::Metadata;
use gatebook_projections::projection::{Projection, stand_at};
use gatebook_projections::recorded::{Recorded, StoredEvent, UnreadableEvent};
use gatebook_projections::row_base::RowBase;

use super::append::{Guard, NewEvent, StreamAppend};
use super::committed::Committed;
use super::generations::Generations;
use super::hash_chain::NO_PREDECESSOR;
use super::origin::Origin;
use super::quarantine::Quarantine;
use super::snapshot::{Known, RowAt, SnapshotOf};
use super::stored_aggregate::StoredAggregate;
use super::{read, read_back};
use crate::store::{Cause, StoreError, Transaction};

/// An aggregate as its stream tells it.
pub struct Loaded<A: Aggregate> {
    /// The aggregate.
    pub aggregate: A,
    /// What its stream was when the history began: a row that stands for all earlier events. None if the history begins with
    /// the first event.
    pub(super) base: RowBase,
    /// The last event that the base stands for: its number and its position.
    base_end: (i64, i64),
    /// The generation of the tables that the base was written to by this process. As long as no other serves, they hold what
    /// the stream folds to, whoever has appended to it since.
    stored_in: Option<String>,
    /// The row that was last folded for an append, with the event that it then stood at.
    pub(super) folded: Folded,
    /// Its stream since then, without looks, as nothing is decided by them; but with those that were asked for.
    pub history: Vec<Recorded<A::Event>>,
    /// Those of its events that cannot be read, and are not quarantined.
    pub unreadable: Vec<(StoredEvent, UnreadableEvent)>,
    pub(super) id: String,
    /// Number and position of the last event that is more than a look, whether it can be read or not.
    end: Option<(i64, i64)>,
    /// The stream's last event, which may be a look.
    last_sequence: i64,
    last_hash: String,
}

impl<A: StoredAggregate> Loaded<A> {
    /// A stream that has not begun.
    pub fn unbegun(id: &str) -> Self {
        Self {
            aggregate: A::default(),
            base: RowBase::default(),
            base_end: (0, 0),
            stored_in: None,
            folded: Folded::default(),
            history: Vec::new(),
            unreadable: Vec::new(),
            id: id.to_owned(),
            end: None,
            last_sequence: 0,
            last_hash: NO_PREDECESSOR.to_owned(),
        }
    }

    /// A stream of which all earlier events are known by a row.
    pub(super) fn known(id: &str, known: Known<A>) -> Self {
        let (last_sequence, last_hash) = known.last;
        Self {
            aggregate: known.aggregate,
            base: known.row,
            base_end: known.end,
            stored_in: known.stored_in,
            folded: Folded::default(),
            history: Vec::new(),
            unreadable: Vec::new(),
            id: id.to_owned(),
            end: Some(known.end),
            last_sequence,
            last_hash,
        }
    }

    /// The row of a projection at the end of what was read; none before the first event.
    pub fn row<P: Projection<Aggregate = A>>(&self) -> Option<Arc<P::Row>> {
        self.base.fold::<P>(&self.history)
    }

    /// The row that stands for all of the stream, to be remembered; none if some of it is not in the row.
    pub(super) fn snapshot(&self, of: &SnapshotOf<A>) -> Option<RowAt> {
        let is_whole = self.unreadable.is_empty();
        let row = is_whole.then(|| of.row_at(self.version(), &self.base, &self.history));
        Some(RowAt {
            row: row.flatten()?,
            last: self.last(),
            stored_in: self.stored_in.clone(),
        })
    }

    /// The stream, if all of it could be read.
    ///
    /// # Errors
    /// The first event that could not.
    pub fn whole(self) -> Result<Self, StoreError> {
        self.require_whole().map(|()| self)
    }

    /// Nothing, if all of it could be read.
    ///
    /// # Errors
    /// The first event that could not.
    pub fn require_whole(&self) -> Result<(), StoreError> {
        match self.unreadable.first() {
            None => Ok(()),
            Some((_, problem)) => Err(problem.clone().into()),
        }
    }

    /// The stream's version: the number of its last event that is more than a look; 0 before its first event.
    pub fn version(&self) -> i64 {
        self.end.map_or(0, |(sequence, _)| sequence)
    }

    /// The version that its rows show.
    pub fn version_for_etag(&self) -> i64 {
        match self.unreadable.is_empty() {
            true => self.version(),
            false => version_of::<A>(&self.history).max(self.base_end.0),
        }
    }

    /// The position of the last event that the base stands for; 0 if the history begins with the first event.
    pub(super) fn base_position(&self) -> i64 {
        self.base_end.1
    }

    /// The number and the hash of the stream's last event, which may be a look.
    pub(super) fn last(&self) -> (i64, String) {
        (self.last_sequence, self.last_hash.clone())
    }

    /// The stream as it was read, to depend on.
    pub fn guard(&self) -> Guard {
        Guard {
            aggregate_type: A::TYPE,
            aggregate_id: self.id.clone(),
            version: self.last_sequence,
        }
    }

    /// The stream with what was added to it since, read by somebody who holds the log's lock.
    pub async fn caught_up(mut self, log: &mut dyn Transaction) -> Result<Self, StoreError> {
        for event in read::newer(log, A::TYPE, &self.id, self.last_sequence, &[]).await? {
            self.add(&event, false);
        }
        if !self.unreadable.is_empty() {
            self.pass_over(&Quarantine::read_in(log).await?);
        }
        Ok(self)
    }

    /// The aggregate as the stream tells it, whatever a command has made of it since.
    pub(super) fn before(&self) -> A {
        let known = A::SNAPSHOT.and_then(|of| of.aggregate(&self.base));
        let mut aggregate = known.unwrap_or_default();
        self.history
            .iter()
            .for_each(|recorded| aggregate.apply(recorded.event.clone()));
        aggregate
    }

    /// The aggregate after these events, too.
    pub fn after(&self, events: &[A::Event]) -> A
    where
        A: Clone,
    {
        let mut aggregate = self.aggregate.clone();
        events.iter().for_each(|event| aggregate.apply(event.clone()));
        aggregate
    }

    /// What is told of a command with these events before they are written. The aggregate must be as it is after them.
    pub fn committed(&self, events: Vec<A::Event>) -> Committed<A> {
        Committed {
            aggregate: self.aggregate.clone(),
            events,
            version: self.version(),
            base: self.base.clone(),
            base_position: self.base_end.1,
            history: self.history.clone(),
        }
    }

    /// The row that the writer will fold for an append to the stream.
    pub fn folded(&self) -> Folded {
        self.folded.clone()
    }

    /// What is told of a command that changed nothing.
    pub fn unchanged(self) -> Committed<A> {
        Committed {
            version: self.version(),
            aggregate: self.aggregate,
            events: Vec::new(),
            base_position: self.base_end.1,
            base: self.base,
            history: self.history,
        }
    }

    pub(super) fn add(&mut self, event: &StoredEvent, looks_too: bool) {
        self.last_sequence = event.sequence;
        self.last_hash.clone_from(&event.hash);
        let is_audited_read = is_audited_read::<A>(&event.event_type);
        if is_audited_read && !looks_too {
            return;
        }
        match event.read::<A>() {
            Ok(recorded) => {
                self.aggregate.apply(recorded.event.clone());
                self.history.push(recorded);
            }
            // Nothing is decided by a look, so that one that cannot be read is in nobody's way.
            Err(_) if is_audited_read => {}
            Err(problem) => self.unreadable.push((event.clone(), problem)),
        }
        if !is_audited_read {
            self.end = Some((event.sequence, event.position));
        }
    }

    pub(super) fn pass_over(&mut self, quarantine: &Quarantine) {
        self.unreadable.retain(|(event, _)| !quarantine.passes_over(event));
    }

    /// The events as an append to this stream. The aggregate must be as it is after them.
    pub fn append(self, events: &[A::Event], origin: &Origin) -> Result<StreamAppend, StoreError> {
        let expected = self.guard();
        let group_id = self.aggregate.group_id(&self.id);
        let mut encoded = Vec::with_capacity(events.len());
        let mut meant = Vec::with_capacity(events.len());
        for event in events {
            let about = self.aggregate.about(&self.id, event);
            let metadata = metadata(origin, about.app_name);
            encoded.push(encode(event, &metadata, about.app_id)?);
            meant.push((event.clone(), metadata));
        }
        let only_looks = !events.is_empty() && events.iter().all(|event| is_audited_read::<A>(&event.event_type()));
        // A row stands at the end of its stream only if it knows all of it.
        let end = self.end.filter(|_| self.unreadable.is_empty());
        let is_whole = self.unreadable.is_empty();
        let (base, history, folded, stored_in) = (self.base, self.history, self.folded, self.stored_in);
        let fold = move |stored: &[StoredEvent], generations: &Generations| {
            let mut new = Vec::with_capacity(stored.len());
            for (stored, (meant, metadata)) in stored.iter().zip(&meant) {
                new.push(read_back::event::<A>(stored, meant, metadata)?);
            }
            if only_looks {
                return Ok(Vec::new());
            }
            let mut rows = A::rows(&base, &history, &new)?;
            for row in &mut rows {
                let is_stored = stored_in.is_some() && stored_in == generations.of(row.table);
                if !is_stored || !is_whole || stored.is_empty() {
                    row.maps.changes = None;
                }
                row.maps.is_in_part = !is_whole;
            }
            if let (Some(last), [row], true) = (stored.last(), rows.as_slice(), is_whole) {
                folded.set(RowAt {
                    row: row.row.clone(),
                    last: (last.sequence, last.hash.clone()),
                    stored_in: generations.of(row.table),
                });
            }
            if let (Some((sequence, position)), true) = (end, stored.is_empty()) {
                let values = rows.iter_mut().map(|row| (row.columns, &mut row.values));
                values.for_each(|(columns, values)| stand_at(columns, values, sequence, position));
            }
            Ok(rows)
        };
        Ok(StreamAppend {
            expected,
            previous_hash: self.last_hash,
            holds_after: None,
            group_id,
            events: encoded,
            fold: Arc::new(fold),
        })
    }
}

/// The row that the writer folded last for an append. Once the append is committed, it is the stream's row.
#[derive(Clone, Default)]
pub struct Folded(Arc<Mutex<Option<RowAt>>>);

impl Folded {
    fn set(&self, row: RowAt) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(row);
    }

    /// Takes it, after the commit.
    pub(super) fn take(&self) -> Option<RowAt> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl<A: StoredAggregate> AggregateContext<A> for Loaded<A> {
    fn aggregate(&mut self) -> &mut A {
        &mut self.aggregate
    }
}

/// Whether an event is one by which somebody only looked.
fn is_audited_read<A: StoredAggregate>(event_type: &str) -> bool {
    A::AUDITED_READS.contains(&event_type)
}

/// The version of a stream with these events.
fn version_of<A: StoredAggregate>(history: &[Recorded<A::Event>]) -> i64 {
    let mut newest_first = history.iter().rev();
    let last = newest_first.find(|recorded| !is_audited_read::<A>(&recorded.event.event_type()));
    last.map_or(0, |last| last.sequence)
}

fn encode<E: DomainEvent>(event: &E, metadata: &Metadata, app_id: String) -> Result<NewEvent, StoreError> {
    let refused = |problem: serde_json::Error| {
        StoreError::internal(Cause::explained(format!("an event has no JSON: {problem}"), problem))
    };
    Ok(NewEvent {
        app_id,
        event_type: event.event_type(),
        event_version: event.event_version(),
        payload: serde_json::to_string(event).map_err(refused)?,
        metadata: serde_json::to_string(metadata).map_err(refused)?,
    })
}

fn metadata(origin: &Origin, app_name: String) -> Metadata {
    Metadata {
        actor_type: origin.actor.actor_type,
        actor_id: origin.actor.actor_id.clone(),
        actor_name: origin.actor.actor_name.clone().into(),
        ip_address: origin.ip_address.clone().into(),
        request_id: origin.request_id.clone(),
        app_name,
    }
}
