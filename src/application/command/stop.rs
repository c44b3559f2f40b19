//! R27: commands that stop something are decided under the log's lock, before everything that waits there. No version can
//! have moved on at that moment, so that they lose against nobody and are tried once.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use cqrs_es::Aggregate;
use gatebook_aggregates::identifiers::GroupId;
use gatebook_aggregates::refusal::Refusal;
use gatebook_projections::groups::{self, GroupRow, Groups};
use gatebook_projections::projection::Projection;

use crate::application::caller::Caller;
use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;
use crate::log::append::{Append, Receipt};
use crate::log::{
    CommandError, Committed, Folded, IdempotentRequest, Loaded, LockedDecision, Origin, SideEffects, StoredAggregate,
};
use crate::store::{StoreError, Transaction};
use crate::throttle::Spent;

/// What was decided, by whom, and what goes with it.
pub(super) struct Decided<A: Aggregate> {
    pub(super) events: Vec<A::Event>,
    pub(super) origin: Origin,
    pub(super) side_effects: SideEffects,
}

/// Decides on a stream, and on the group that it is about, as they are.
pub(super) type Decide<A> =
    Box<dyn Fn(&Loaded<A>, Option<&GroupRow>) -> Result<Decided<A>, Failure> + Send + Sync + 'static>;

/// A command that stops something.
pub(super) struct StopCommand<A: StoredAggregate> {
    pub(super) caller: Caller,
    /// The stream.
    pub(super) id: String,
    /// The group whose plan and users it depends on.
    pub(super) group_id: Option<GroupId>,
    /// Whether an event of the stream stops something. If all do that are decided, they are right although others cannot be
    /// read, as no more has to be known than what there is to stop; and they count against no budget.
    pub(super) stops: fn(&A::Event) -> bool,
    /// The `Idempotency-Key` that it came with.
    pub(super) idempotency: Option<IdempotentRequest>,
    pub(super) decide: Decide<A>,
}

impl<A: StoredAggregate> StopCommand<A> {
    fn decided(&self, stream: &Loaded<A>, group: Option<&GroupRow>) -> Result<Decided<A>, Failure> {
        let decided = (self.decide)(stream, group);
        let needs_no_more = match &decided {
            Ok(decided) => decided.events.iter().all(self.stops),
            // The event that began it may be the one that cannot be read.
            Err(failure) => !failure.is_refused_with(&Refusal::NotFound),
        };
        match stream.require_whole() {
            Err(unreadable) if !needs_no_more => Err(unreadable.into()),
            _ => decided,
        }
    }

    fn is_free(&self, events: &[A::Event]) -> bool {
        !events.is_empty() && events.iter().all(self.stops)
    }
}

impl Gatebook {
    /// Carries out a command that stops something; tells what was done, and the group at that moment.
    #[tracing::instrument(skip_all, fields(aggregate = A::TYPE, id = command.id))]
    pub(super) async fn stop<A: StoredAggregate + Clone>(
        &self,
        command: StopCommand<A>,
    ) -> Result<(Committed<A>, Option<GroupRow>), Failure> {
        // One at a time for each of them, so that nobody who stops things all the time holds up what others stop.
        let _turn = self
            .locks
            .lock(&format!("stops of {}", command.caller.principal_key()))
            .await;
        let stream = self.log.load_latest::<A>(&command.id).await?;
        let group = match &command.group_id {
            Some(id) => self.group(id).await?,
            None => None,
        };
        // What is refused, or has happened, need not take the log's lock to be so.
        let decided = command.decided(&stream, group.as_ref())?;
        if decided.origin.read_only || decided.events.is_empty() && command.idempotency.is_none() {
            return Ok((stream.unchanged(), group));
        }
        // What changes something else as well, or only uses up a key, counts like every change.
        let spent = match command.is_free(&decided.events) {
            true => None,
            false => self.spend(&command.caller, &command.id)?,
        };
        let stopping = Arc::new(Stopping {
            command,
            read_before: Mutex::new(Some(stream)),
            outcome: Mutex::new(None),
        });
        let receipt = self.log.writer.decide(stopping.clone()).await;
        self.emails_waiting.notify_one();
        let (done, folded) = stopping.done(receipt.map_err(CommandError::from)?)?;
        self.log.remember::<A>(&stopping.command.id, &folded);
        spent.into_iter().for_each(Spent::keep);
        Ok(done)
    }
}

/// A stop, its group at that moment, and the row that was written with it.
type Stopped<A> = ((Committed<A>, Option<GroupRow>), Folded);

/// Such a command on its way through the writer.
struct Stopping<A: StoredAggregate> {
    command: StopCommand<A>,
    /// The stream, read before the lock was taken, so that little is left to read under it.
    read_before: Mutex<Option<Loaded<A>>>,
    outcome: Mutex<Option<Result<StopOutcome<A>, Failure>>>,
}

/// What is known of a decision before it is committed.
struct StopOutcome<A: Aggregate> {
    committed: Committed<A>,
    folded: Folded,
    group: Option<GroupRow>,
}

#[async_trait]
impl<A: StoredAggregate + Clone> LockedDecision for Stopping<A> {
    async fn decide(&self, log: &mut dyn Transaction) -> Result<Option<Append>, StoreError> {
        let read_before = locked(&self.read_before).take();
        let stream = match read_before {
            Some(stream) => stream.caught_up(log).await?,
            // It is asked once more.
            None => Loaded::unbegun(&self.command.id).caught_up(log).await?,
        };
        let group = match &self.command.group_id {
            Some(id) => group(log, id).await?,
            None => None,
        };
        let (append, outcome) = match self.command.decided(&stream, group.as_ref()) {
            Ok(decided) => self.append(stream, group, decided)?,
            Err(failure) => (None, Err(failure)),
        };
        *locked(&self.outcome) = Some(outcome);
        Ok(append)
    }
}

type ToAppend<A> = (Option<Append>, Result<StopOutcome<A>, Failure>);

impl<A: StoredAggregate + Clone> Stopping<A> {
    fn append(
        &self,
        mut stream: Loaded<A>,
        group: Option<GroupRow>,
        decided: Decided<A>,
    ) -> Result<ToAppend<A>, StoreError> {
        let Decided {
            events,
            origin,
            mut side_effects,
        } = decided;
        let origin = origin.called(side_effects.actor_name.take());
        let (guard, folded) = (stream.guard(), stream.folded());
        events.iter().for_each(|event| stream.aggregate.apply(event.clone()));
        let committed = stream.committed(events.clone());
        let idempotency = self.command.idempotency.clone();
        let record = idempotency.map(|request| request.record(&self.command.id, side_effects.sealed.clone()));
        let append = match events.is_empty() {
            // Its key is used all the same, and answered by the application as it is now.
            true => record.map(|record| Append {
                preconditions: vec![guard.into()],
                idempotency: Some(record),
                ..Append::default()
            }),
            false => Some(side_effects.append(stream.append(&events, &origin)?, Vec::new(), record)),
        };
        let outcome = StopOutcome {
            committed,
            folded,
            group,
        };
        Ok((append, Ok(outcome)))
    }

    /// What was done, now that it is committed.
    fn done(&self, receipt: Receipt) -> Result<Stopped<A>, Failure> {
        let outcome = locked(&self.outcome).take();
        let undecided = || Failure::internal("a command was committed without a decision");
        let StopOutcome {
            mut committed,
            folded,
            group,
        } = outcome.ok_or_else(undecided)??;
        for stored in receipt
            .events
            .iter()
            .filter(|stored| stored.aggregate_type == A::TYPE && stored.aggregate_id == self.command.id)
        {
            committed.version = stored.sequence;
            committed.history.push(stored.read::<A>().map_err(StoreError::from)?);
        }
        Ok(((committed, group), folded))
    }
}

async fn group(log: &mut dyn Transaction, id: &GroupId) -> Result<Option<GroupRow>, StoreError> {
    let rows = log.rows(groups::by_id(id)).await?;
    Ok(rows.into_iter().next().map(Groups::row).transpose()?)
}

/// Whoever panicked with it left it whole: it is only ever replaced.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
