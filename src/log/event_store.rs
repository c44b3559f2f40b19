//! The bridge to cqrs-es: our `EventStore` behind its `CqrsFramework`. Loading reads the stream; committing is the
//! hand-over to the writer. Stock queries, snapshots and replay are not used (see docs/architecture.md for why).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use cqrs_es::{Aggregate, AggregateError, CqrsFramework, EventEnvelope, EventStore};
use gatebook_aggregates::refusal::Refusal;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::recorded::StoredEvent;

use super::append::{Append, IdempotencyRecord, StreamAppend};
use super::committed::Committed;
use super::context::{CommandContext, SideEffects};
use super::error::CommandError;
use super::loaded::{Folded, Loaded};
use super::quarantine::Quarantine;
use super::read;
use super::snapshot::Snapshots;
use super::stored_aggregate::StoredAggregate;
use super::writer::Writer;
use crate::store::{Database, StoreError};

/// The log of this process: where to read it, and who appends to it.
#[derive(Clone)]
pub struct Log {
    /// The database.
    pub database: Arc<dyn Database>,
    /// The writer.
    pub writer: Writer,
    /// What is remembered of streams that grow long.
    pub snapshots: Snapshots,
}

impl Log {
    /// Carries out a command once. See [`CommandError`]; trying again is for the caller, who knows what to read anew.
    pub async fn execute<A: StoredAggregate<Error = Refusal, Services = ()>>(
        &self,
        aggregate_id: &str,
        command: A::Command,
        context: CommandContext<'_, A>,
    ) -> Result<Committed<A>, CommandError> {
        let done = Mutex::new(None);
        let store = CommandStore {
            log: self,
            context,
            done: &done,
        };
        let framework = CqrsFramework::new(store, Vec::new(), ());
        framework.execute(aggregate_id, command).await.map_err(command_error)?;
        let done = done.lock().unwrap_or_else(PoisonError::into_inner).take();
        done.ok_or_else(|| StoreError::internal("the command left no trace").into())
    }

    /// A stream, read and replayed, without looks.
    ///
    /// # Errors
    /// Also an event that cannot be read, unless it is quarantined.
    pub async fn load<A: StoredAggregate>(&self, aggregate_id: &str) -> Result<Loaded<A>, StoreError> {
        self.load_readable(aggregate_id).await?.whole()
    }

    /// A stream as far as it can be read. To stop something that is enough: whatever else has happened, it does not pass
    /// any more afterwards. To decide anything else, it is not.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub async fn load_readable<A: StoredAggregate>(&self, aggregate_id: &str) -> Result<Loaded<A>, StoreError> {
        self.load_with_audited_reads(aggregate_id, None).await
    }

    /// A stream as commands are decided on it: like [`load_readable`](Self::load_readable), but where a snapshot tells what has
    /// happened, only later events are read.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub async fn load_latest<A: StoredAggregate>(&self, id: &str) -> Result<Loaded<A>, StoreError> {
        const {
            assert!(
                A::SNAPSHOT.is_none() || A::FOLDS.len() == 1,
                "a snapshot is the only row"
            )
        };
        let Some(of) = A::SNAPSHOT else {
            return self.load_readable(id).await;
        };
        if let Some(known) = self.snapshots.get(&of, id) {
            let (sequence, hash) = known.last.clone();
            let events = read::since(&*self.database, A::TYPE, id, sequence).await?;
            match events.split_first() {
                Some((seen, newer)) if seen.sequence == sequence && seen.hash == hash => {
                    let mut loaded = Loaded::known(id, known);
                    newer.iter().for_each(|event| loaded.add(event, false));
                    return self.without_quarantined(loaded).await;
                }
                // It is another log than it was, such as after a restore.
                _ => self.snapshots.forget::<A>(id),
            }
        }
        let loaded = self.load_readable::<A>(id).await?;
        if let Some(row) = loaded.snapshot(&of) {
            self.snapshots.put(&of, id, row);
        }
        Ok(loaded)
    }

    /// The same, with the looks since a moment.
    async fn load_with_audited_reads<A: StoredAggregate>(
        &self,
        id: &str,
        since: Option<Timestamp>,
    ) -> Result<Loaded<A>, StoreError> {
        let stored = read::without_audited_reads(&*self.database, A::TYPE, id, A::AUDITED_READS, since).await?;
        self.loaded(id, &stored, since.is_some()).await
    }

    /// What a command is decided on.
    async fn load_for_command<A: StoredAggregate>(
        &self,
        id: &str,
        since: Option<Timestamp>,
    ) -> Result<Loaded<A>, StoreError> {
        const {
            assert!(
                !A::LAST_EVENT_TELLS_ALL || A::FOLDS.is_empty(),
                "a row needs the whole stream"
            )
        };
        if since.is_none() && A::SNAPSHOT.is_some() {
            return self.load_latest(id).await;
        }
        if !A::LAST_EVENT_TELLS_ALL {
            return self.load_with_audited_reads(id, since).await;
        }
        let last = read::last(&*self.database, A::TYPE, id).await?;
        self.loaded(id, &last, false).await
    }

    async fn loaded<A: StoredAggregate>(
        &self,
        id: &str,
        stored: &[StoredEvent],
        looks_too: bool,
    ) -> Result<Loaded<A>, StoreError> {
        let mut loaded = Loaded::unbegun(id);
        stored.iter().for_each(|event| loaded.add(event, looks_too));
        self.without_quarantined(loaded).await
    }

    async fn without_quarantined<A: StoredAggregate>(&self, mut loaded: Loaded<A>) -> Result<Loaded<A>, StoreError> {
        if !loaded.unreadable.is_empty() {
            loaded.pass_over(&Quarantine::read(&*self.database).await?);
        }
        Ok(loaded)
    }

    /// Remembers the row that was committed with an append.
    pub(crate) fn remember<A: StoredAggregate>(&self, id: &str, folded: &Folded) {
        if let (Some(of), Some(row)) = (A::SNAPSHOT, folded.take()) {
            self.snapshots.put(&of, id, row);
        }
    }
}

/// The event store of one command.
struct CommandStore<'a, A: Aggregate> {
    log: &'a Log,
    context: CommandContext<'a, A>,
    done: &'a Mutex<Option<Committed<A>>>,
}

impl<A: StoredAggregate> CommandStore<'_, A> {
    async fn load(&self, aggregate_id: &str) -> Result<Loaded<A>, CommandError> {
        let since = self
            .context
            .audited_read
            .as_ref()
            .and_then(|audited_read| audited_read.since);
        let read_already = self
            .context
            .stream
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let loaded = match read_already {
            Some(loaded) => loaded,
            None => self.log.load_for_command::<A>(aggregate_id, since).await?,
        };
        let loaded = match self.context.despite_unreadable {
            true => loaded,
            false => loaded.whole()?,
        };
        (self.context.require)(&loaded)?;
        Ok(loaded)
    }

    async fn append(&self, events: Vec<A::Event>, loaded: Loaded<A>) -> Result<Committed<A>, CommandError> {
        let (id, base, mut history) = (loaded.id.clone(), loaded.base.clone(), loaded.history.clone());
        let (mut version, folded) = (loaded.version(), loaded.folded.clone());
        let base_position = loaded.base_position();
        let audited_reads = self.context.audited_read.is_some();
        let events = if self.context.origin.read_only {
            Vec::new()
        } else {
            events
        };
        let aggregate = match self.context.origin.read_only {
            true => loaded.before(),
            false => loaded.aggregate.clone(),
        };
        if events.is_empty() {
            self.remember_granted(&loaded).await?;
        } else {
            let mut side_effects = (self.context.side_effects)(&aggregate, &events)?;
            let origin = self.context.origin.called(side_effects.actor_name.take());
            let mut stream = loaded.append(&events, &origin)?;
            stream.holds_after = self
                .context
                .audited_read
                .as_ref()
                .map(|audited_read| audited_read.holds_after.clone());
            let append = self.whole(&id, stream, side_effects);
            let receipt = self.log.writer.append(append).await?;
            self.log.remember::<A>(&id, &folded);
            for stored in receipt.events {
                if stored.aggregate_type == A::TYPE && stored.aggregate_id == id {
                    version = if audited_reads { version } else { stored.sequence };
                    history.push(stored.read::<A>().map_err(StoreError::from)?);
                }
            }
        }
        Ok(Committed {
            aggregate,
            events,
            version,
            base,
            base_position,
            history,
        })
    }

    /// A command that had been granted already leaves no event, but its Idempotency-Key is used all the same: later, when
    /// things have changed, the same request is answered like the first and changes nothing.
    async fn remember_granted(&self, loaded: &Loaded<A>) -> Result<(), CommandError> {
        let Some(record) = self.record(&loaded.id, None) else {
            return Ok(());
        };
        let append = Append {
            preconditions: self
                .context
                .preconditions
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
        let context = self.context.idempotency.clone()?;
        Some(context.record(id, sealed))
    }

    /// Everything of the command in one piece.
    fn whole(&self, id: &str, stream: StreamAppend, side_effects: SideEffects) -> Append {
        let record = self.record(id, side_effects.sealed.clone());
        side_effects.append(stream, self.context.preconditions.clone(), record)
    }
}

impl<A: StoredAggregate> EventStore<A> for CommandStore<'_, A> {
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
            Err(other) => CommandError::Internal(other),
        },
    }
}
