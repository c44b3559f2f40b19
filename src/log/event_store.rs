//! The bridge to cqrs-es: our `EventStore` behind its `CqrsFramework`. Loading reads the stream; committing is the
//! hand-over to the writer. Stock queries, snapshots and replay are not used (see the README for why).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use cqrs_es::{Aggregate, AggregateContext, AggregateError, CqrsFramework, DomainEvent, EventEnvelope, EventStore};
use gatebook_aggregates::metadata::Metadata;
use gatebook_aggregates::refusal::Refusal;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::projection::{Projection, stand_at};
use gatebook_projections::recorded::{Recorded, StoredEvent, UnreadableEvent};
use thiserror::Error;

use super::append::{Append, AppendError, Guard, IdempotencyRecord, NewEvent, ReservationKey, StreamAppend};
use super::email_quotas::EmailQuota;
use super::hash_chain::NO_PREDECESSOR;
use super::intent::{Extras, Intent, Origin};
use super::logged::Logged;
use super::quarantine::Quarantine;
use super::writer::Writer;
use super::{read, read_back};
use crate::store::{Database, StoreError, Transaction};

/// The log of this process: where to read it, and who appends to it.
#[derive(Clone)]
pub struct Log {
    /// The database.
    pub database: Arc<dyn Database>,
    /// The writer.
    pub writer: Writer,
}

/// Why a command was not carried out. Nothing of it has happened.
#[derive(Debug, Error)]
pub enum CommandError {
    /// The rules say no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// R6, R19: what it wanted to be the only one of exists.
    #[error("{0} is taken")]
    Taken(ReservationKey),
    /// The caller pinned a version, and the stream is at another.
    #[error("the version is {current}")]
    VersionMismatch {
        /// The stream's version.
        current: i64,
    },
    /// The Idempotency-Key has been used.
    #[error("the idempotency key has been used")]
    KeyUsed,
    /// A password, link or token that it was based on has been replaced or forgotten since it was read.
    #[error("the password or the link has been replaced")]
    CredentialReplaced,
    /// It would be stored as something else than it means; a fault of the program.
    #[error("what would be stored is not read back as what is meant: {0}")]
    NotReadBack(UnreadableEvent),
    /// One of its e-mails is more than a limit allows.
    #[error("too many e-mails {}; try again in {retry_after_seconds} s", quota.owner.in_words())]
    TooManyEmails {
        /// The limit.
        quota: EmailQuota,
        /// When one more fits in.
        retry_after_seconds: u64,
    },
    /// The group has as many applications as it may have.
    #[error("the group has {applications_max} applications that are not revoked")]
    ApplicationLimit {
        /// The most that it may have.
        applications_max: u32,
    },
    /// Somebody else changed the same thing again and again.
    #[error("somebody else is changing the same thing")]
    Conflict,
    /// The database could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<AppendError> for CommandError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Conflict => Self::Conflict,
            AppendError::CredentialReplaced => Self::CredentialReplaced,
            AppendError::Taken(key) => Self::Taken(key),
            AppendError::KeyUsed => Self::KeyUsed,
            AppendError::NotReadBack(event) => Self::NotReadBack(event),
            AppendError::TooManyEmails {
                quota,
                retry_after_seconds,
            } => Self::TooManyEmails {
                quota,
                retry_after_seconds,
            },
            AppendError::ApplicationLimit { applications_max } => Self::ApplicationLimit { applications_max },
            AppendError::Store(error) => Self::Store(error),
        }
    }
}

/// A command that was carried out.
pub struct Done<A: Aggregate> {
    /// The aggregate after it.
    pub aggregate: A,
    /// What happened; empty when the wish had been granted already.
    pub events: Vec<A::Event>,
    /// The stream's version after it.
    pub version: i64,
    /// The stream up to that version, for folding the answer.
    pub history: Vec<Recorded<A::Event>>,
}

impl<A: Aggregate> Done<A> {
    /// The row that a projection shows after it.
    pub fn row<P: Projection<Aggregate = A>>(&self) -> Option<P::Row> {
        self.history.iter().fold(None, P::fold)
    }
}

impl Log {
    /// Carries out a command once. See [`CommandError`]; trying again is for the caller, who knows what to read anew.
    pub async fn execute<A: Logged<Error = Refusal, Services = ()>>(
        &self,
        aggregate_id: &str,
        command: A::Command,
        intent: Intent<'_, A>,
    ) -> Result<Done<A>, CommandError> {
        let done = Mutex::new(None);
        let store = CommandStore {
            log: self,
            intent,
            done: &done,
        };
        let framework = CqrsFramework::new(store, Vec::new(), ());
        framework.execute(aggregate_id, command).await.map_err(command_error)?;
        let done = done.lock().unwrap_or_else(PoisonError::into_inner).take();
        done.ok_or_else(|| StoreError::Refused("the command left no trace".to_owned()).into())
    }

    /// A stream, read and replayed, without looks.
    ///
    /// # Errors
    /// Also an event that cannot be read, unless it is quarantined.
    pub async fn load<A: Logged>(&self, aggregate_id: &str) -> Result<Loaded<A>, StoreError> {
        self.load_readable(aggregate_id).await?.whole()
    }

    /// A stream as far as it can be read. To stop something that is enough: whatever else has happened, it does not pass
    /// any more afterwards. To decide anything else, it is not.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub async fn load_readable<A: Logged>(&self, aggregate_id: &str) -> Result<Loaded<A>, StoreError> {
        self.load_with_looks(aggregate_id, None).await
    }

    /// The same, with the looks since a moment.
    async fn load_with_looks<A: Logged>(&self, id: &str, since: Option<Timestamp>) -> Result<Loaded<A>, StoreError> {
        let stored = read::without_looks(&*self.database, A::TYPE, id, A::LOOKS, since).await?;
        let mut loaded = Loaded::unbegun(id);
        stored.iter().for_each(|event| loaded.add(event, since.is_some()));
        if !loaded.unreadable.is_empty() {
            loaded.pass_over(&Quarantine::read(&*self.database).await?);
        }
        Ok(loaded)
    }
}

/// An aggregate as its stream tells it.
pub struct Loaded<A: Aggregate> {
    /// The aggregate.
    pub aggregate: A,
    /// Its stream, without looks, as nothing is decided by them; but with those that were asked for.
    pub history: Vec<Recorded<A::Event>>,
    /// Those of its events that cannot be read, and are not quarantined.
    pub unreadable: Vec<(StoredEvent, UnreadableEvent)>,
    id: String,
    /// Number and position of the last event that is more than a look, whether it can be read or not.
    end: Option<(i64, i64)>,
    /// The stream's last event, which may be a look.
    last_sequence: i64,
    last_hash: String,
}

impl<A: Logged> Loaded<A> {
    /// A stream that has not begun.
    pub fn unbegun(id: &str) -> Self {
        Self {
            aggregate: A::default(),
            history: Vec::new(),
            unreadable: Vec::new(),
            id: id.to_owned(),
            end: None,
            last_sequence: 0,
            last_hash: NO_PREDECESSOR.to_owned(),
        }
    }

    /// The stream, if all of it could be read.
    ///
    /// # Errors
    /// The first event that could not.
    pub fn whole(mut self) -> Result<Self, StoreError> {
        match self.unreadable.is_empty() {
            true => Ok(self),
            false => Err(self.unreadable.swap_remove(0).1.into()),
        }
    }

    /// The stream's version: the number of its last event that is more than a look; 0 before its first event.
    pub fn version(&self) -> i64 {
        self.end.map_or(0, |(sequence, _)| sequence)
    }

    /// The version that its rows show.
    pub fn seen_version(&self) -> i64 {
        match self.unreadable.is_empty() {
            true => self.version(),
            false => version_of::<A>(&self.history),
        }
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

    /// The aggregate after these events, too.
    pub fn after(&self, events: &[A::Event]) -> A
    where
        A: Clone,
    {
        let mut aggregate = self.aggregate.clone();
        events.iter().for_each(|event| aggregate.apply(event.clone()));
        aggregate
    }

    /// What is told of a command that changed nothing.
    pub fn unchanged(self) -> Done<A> {
        Done {
            version: self.version(),
            aggregate: self.aggregate,
            events: Vec::new(),
            history: self.history,
        }
    }

    fn add(&mut self, event: &StoredEvent, looks_too: bool) {
        self.last_sequence = event.sequence;
        self.last_hash.clone_from(&event.hash);
        let is_look = is_look::<A>(&event.event_type);
        if is_look && !looks_too {
            return;
        }
        match event.read::<A>() {
            Ok(recorded) => {
                self.aggregate.apply(recorded.event.clone());
                self.history.push(recorded);
            }
            // Nothing is decided by a look, so that one that cannot be read is in nobody's way.
            Err(_) if is_look => {}
            Err(problem) => self.unreadable.push((event.clone(), problem)),
        }
        if !is_look {
            self.end = Some((event.sequence, event.position));
        }
    }

    fn pass_over(&mut self, quarantine: &Quarantine) {
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
        let only_looks = !events.is_empty() && events.iter().all(|event| is_look::<A>(&event.event_type()));
        // A row stands at the end of its stream only if it knows all of it.
        let end = self.end.filter(|_| self.unreadable.is_empty());
        let history = self.history;
        let fold = move |stored: &[StoredEvent]| {
            let mut stream = history.clone();
            for (stored, (meant, metadata)) in stored.iter().zip(&meant) {
                stream.push(read_back::event::<A>(stored, meant, metadata)?);
            }
            if only_looks {
                return Ok(Vec::new());
            }
            let mut rows = A::rows(&stream)?;
            if let (Some((sequence, position)), true) = (end, stored.is_empty()) {
                let values = rows.iter_mut().map(|row| (row.columns, &mut row.values));
                values.for_each(|(columns, values)| stand_at(columns, values, sequence, position));
            }
            Ok(rows)
        };
        Ok(StreamAppend {
            expected,
            previous_hash: self.last_hash,
            stands_after: None,
            group_id,
            events: encoded,
            fold: Arc::new(fold),
        })
    }
}

impl<A: Logged> AggregateContext<A> for Loaded<A> {
    fn aggregate(&mut self) -> &mut A {
        &mut self.aggregate
    }
}

/// The event store of one command.
struct CommandStore<'a, A: Aggregate> {
    log: &'a Log,
    intent: Intent<'a, A>,
    done: &'a Mutex<Option<Done<A>>>,
}

impl<A: Logged> CommandStore<'_, A> {
    async fn load(&self, aggregate_id: &str) -> Result<Loaded<A>, CommandError> {
        let since = self.intent.look.as_ref().and_then(|look| look.since);
        let loaded = self.log.load_with_looks::<A>(aggregate_id, since).await?;
        let loaded = match self.intent.despite_unreadable {
            true => loaded,
            false => loaded.whole()?,
        };
        let current = loaded.seen_version();
        if current > 0 && !self.intent.pinned.allows(current) {
            return Err(CommandError::VersionMismatch { current });
        }
        Ok(loaded)
    }

    async fn append(&self, events: Vec<A::Event>, loaded: Loaded<A>) -> Result<Done<A>, CommandError> {
        let (id, mut history, mut version) = (loaded.id.clone(), loaded.history.clone(), loaded.version());
        let looks = self.intent.look.is_some();
        let events = if self.intent.origin.read_only {
            Vec::new()
        } else {
            events
        };
        let aggregate = replayed::<A>(&history, &events);
        if events.is_empty() {
            self.remember_granted(&loaded).await?;
        } else {
            let mut extras = (self.intent.extras)(&aggregate, &events)?;
            let origin = self.intent.origin.called(extras.actor_name.take());
            let mut stream = loaded.append(&events, &origin)?;
            stream.stands_after = self.intent.look.as_ref().map(|look| look.stands_after.clone());
            let append = self.whole(&id, stream, extras);
            for stored in self.log.writer.append(append).await?.events {
                if stored.aggregate_type == A::TYPE && stored.aggregate_id == id {
                    version = if looks { version } else { stored.sequence };
                    history.push(stored.read::<A>().map_err(StoreError::from)?);
                }
            }
        }
        Ok(Done {
            aggregate,
            events,
            version,
            history,
        })
    }

    /// A wish that had been granted already leaves no event, but its Idempotency-Key is used all the same: later, when
    /// things have changed, the same request is answered like the first and changes nothing.
    async fn remember_granted(&self, loaded: &Loaded<A>) -> Result<(), CommandError> {
        let Some(record) = self.record(&loaded.id, None) else {
            return Ok(());
        };
        let append = Append {
            premises: self
                .intent
                .premises
                .iter()
                .cloned()
                .chain([loaded.guard().into()])
                .collect(),
            idempotency: Some(record),
            ..Append::default()
        };
        self.log.writer.append(append).await?;
        Ok(())
    }

    fn record(&self, id: &str, sealed: Option<String>) -> Option<IdempotencyRecord> {
        let intent = self.intent.idempotency.clone()?;
        Some(intent.record(id, sealed))
    }

    /// Everything of the command in one piece.
    fn whole(&self, id: &str, stream: StreamAppend, extras: Extras) -> Append {
        let record = self.record(id, extras.sealed.clone());
        extras.append(stream, self.intent.premises.clone(), record)
    }
}

impl<A: Logged> EventStore<A> for CommandStore<'_, A> {
    type AC = Loaded<A>;

    async fn load_events(&self, aggregate_id: &str) -> Result<Vec<EventEnvelope<A>>, AggregateError<A::Error>> {
        let loaded = self.load(aggregate_id).await.map_err(unexpected)?;
        let envelopes = loaded.history.into_iter().map(|recorded| EventEnvelope {
            aggregate_id: recorded.aggregate_id,
            sequence: usize::try_from(recorded.sequence).unwrap_or_default(),
            payload: recorded.event,
            metadata: HashMap::new(),
        });
        Ok(envelopes.collect())
    }

    async fn load_aggregate(&self, aggregate_id: &str) -> Result<Loaded<A>, AggregateError<A::Error>> {
        self.load(aggregate_id).await.map_err(unexpected)
    }

    async fn commit(
        &self,
        events: Vec<A::Event>,
        context: Loaded<A>,
        _: HashMap<String, String>,
    ) -> Result<Vec<EventEnvelope<A>>, AggregateError<A::Error>> {
        let done = self.append(events, context).await.map_err(unexpected)?;
        *self.done.lock().unwrap_or_else(PoisonError::into_inner) = Some(done);
        Ok(Vec::new())
    }
}

/// Whether an event is one by which somebody only looked.
fn is_look<A: Logged>(event_type: &str) -> bool {
    A::LOOKS.contains(&event_type)
}

/// The version of a stream with these events.
fn version_of<A: Logged>(history: &[Recorded<A::Event>]) -> i64 {
    let mut newest_first = history.iter().rev();
    let last = newest_first.find(|recorded| !is_look::<A>(&recorded.event.event_type()));
    last.map_or(0, |last| last.sequence)
}

/// The aggregate after a history and new events, for the answer; the loaded one goes to the writer.
fn replayed<A: Aggregate>(history: &[Recorded<A::Event>], events: &[A::Event]) -> A {
    let mut aggregate = A::default();
    let earlier = history.iter().map(|recorded| &recorded.event);
    earlier.chain(events).for_each(|event| aggregate.apply(event.clone()));
    aggregate
}

fn encode<E: DomainEvent>(event: &E, metadata: &Metadata, app_id: String) -> Result<NewEvent, StoreError> {
    let refused = |problem: serde_json::Error| StoreError::Refused(format!("an event has no JSON: {problem}"));
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
        actor_name: origin.actor.actor_name.clone(),
        ip_address: origin.ip_address.clone(),
        request_id: origin.request_id.clone(),
        app_name,
    }
}

fn unexpected<E: std::error::Error>(error: CommandError) -> AggregateError<E> {
    AggregateError::UnexpectedError(Box::new(error))
}

fn command_error(error: AggregateError<Refusal>) -> CommandError {
    match error {
        AggregateError::UserError(refusal) => CommandError::Refused(refusal),
        AggregateError::AggregateConflict => CommandError::Conflict,
        AggregateError::DatabaseConnectionError(error)
        | AggregateError::DeserializationError(error)
        | AggregateError::UnexpectedError(error) => match error.downcast::<CommandError>() {
            Ok(error) => *error,
            Err(other) => CommandError::Store(StoreError::Refused(other.to_string())),
        },
    }
}
