//! The bridge to cqrs-es: our `EventStore` behind its `CqrsFramework`. Loading reads the stream; committing is the
//! hand-over to the writer. Stock queries, snapshots and replay are not used (see the README for why).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use cqrs_es::{Aggregate, AggregateError, CqrsFramework, EventEnvelope, EventStore};
use gatebook_aggregates::refusal::Refusal;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::projection::Projection;
use gatebook_projections::recorded::{Recorded, StoredEvent};

use super::append::{Append, IdempotencyRecord, StreamAppend};
use super::error::CommandError;
use super::intent::{Extras, Intent};
use super::loaded::Loaded;
use super::logged::Logged;
use super::quarantine::Quarantine;
use super::read;
use super::writer::Writer;
use crate::store::{Database, StoreError};

/// The log of this process: where to read it, and who appends to it.
#[derive(Clone)]
pub struct Log {
    /// The database.
    pub database: Arc<dyn Database>,
    /// The writer.
    pub writer: Writer,
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
        self.loaded(id, &stored, since.is_some()).await
    }

    /// What a command is decided on.
    async fn load_for_command<A: Logged>(&self, id: &str, since: Option<Timestamp>) -> Result<Loaded<A>, StoreError> {
        if !A::LAST_EVENT_TELLS_ALL {
            return self.load_with_looks(id, since).await;
        }
        let last = read::last(&*self.database, A::TYPE, id).await?;
        self.loaded(id, &last, false).await
    }

    async fn loaded<A: Logged>(
        &self,
        id: &str,
        stored: &[StoredEvent],
        looks_too: bool,
    ) -> Result<Loaded<A>, StoreError> {
        let mut loaded = Loaded::unbegun(id);
        stored.iter().for_each(|event| loaded.add(event, looks_too));
        if !loaded.unreadable.is_empty() {
            loaded.pass_over(&Quarantine::read(&*self.database).await?);
        }
        Ok(loaded)
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
        let loaded = self.log.load_for_command::<A>(aggregate_id, since).await?;
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

/// The aggregate after a history and new events, for the answer; the loaded one goes to the writer.
fn replayed<A: Aggregate>(history: &[Recorded<A::Event>], events: &[A::Event]) -> A {
    let mut aggregate = A::default();
    let earlier = history.iter().map(|recorded| &recorded.event);
    earlier.chain(events).for_each(|event| aggregate.apply(event.clone()));
    aggregate
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
