//! One transaction for all that is waiting: checked against the log under its lock, then written whole.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cqrs_es::Aggregate;
use gatebook_aggregates::integration_app::IntegrationApp;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::recorded::{StoredEvent, UnreadableEvent};
use gatebook_projections::sql::{Query, Value};

use super::append::{Append, AppendError, Guard, Receipt, StreamAppend};
use super::batch_reads::BatchReads;
use super::batch_writes::{BatchWrites, event_row, idempotency_row};
use super::clock_guard::{ClockGuard, LogTime, clock_column};
use super::credential_state::CredentialState;
use super::email_quotas::EmailQuotas;
use super::fault;
use super::generations::Generations;
use super::group_room::Applications;
use super::hash_chain::{EventParts, hash_of};
use super::head::Head;
use super::locked::LockedDecision;
use super::preconditions::{Preconditions, Stream};
use super::unreadable::{self, ReadTo};
use crate::store::{ConnectionPurpose, Database, Dialect, StoreError, Transaction};

/// What became of each append of a batch.
pub(super) type BatchAnswers = Vec<Result<Receipt, AppendError>>;

/// Writes a batch in one transaction: first what is decided under the log's lock, one decision after the other, then the
/// appends. They are answered in this order. The outer error means that nothing was written of any of them.
pub(super) async fn write(
    database: &dyn Database,
    decisions: &[Arc<dyn LockedDecision>],
    appends: &[Append],
    now: Timestamp,
    clocks: &ClockGuard,
) -> Result<BatchAnswers, StoreError> {
    let question = head_question(database.dialect());
    let (mut transaction, head) = database.begin_with(ConnectionPurpose::Write, &question).await?;
    fault::point("begun");
    let head = head_of(&mut *transaction, head, clocks).await?;
    let mut written = Written {
        transaction: &mut *transaction,
        head: head.at_least(now),
        now,
    };
    let mut answers = Vec::with_capacity(decisions.len() + appends.len());
    for decision in decisions {
        match decision.decide(written.transaction).await? {
            Some(append) => answers.extend(written.add(std::slice::from_ref(&append)).await?),
            None => answers.push(Ok(Receipt { events: Vec::new() })),
        }
    }
    if !appends.is_empty() || decisions.is_empty() {
        answers.extend(written.add(appends).await?);
    }
    fault::point("before_commit");
    transaction.commit().await?;
    fault::point("after_commit");
    Ok(answers)
}

/// The log under its lock, with what has been written to it so far.
struct Written<'a> {
    transaction: &'a mut dyn Transaction,
    head: Head,
    now: Timestamp,
}

impl Written<'_> {
    /// Writes those of the appends that still hold.
    async fn add(&mut self, appends: &[Append]) -> Result<BatchAnswers, StoreError> {
        let mut state = LogState::read(self.transaction, appends, self.head, self.now).await?;
        fault::point("read");
        let mut batch_writes = BatchWrites::default();
        let mut answers = Vec::with_capacity(appends.len());
        for append in appends {
            answers.push(match state.check(append) {
                Ok(()) => state.place(append, &mut batch_writes),
                Err(refused) => Err(refused),
            });
        }
        if !batch_writes.is_empty() {
            let email_quotas = state.email_quotas.insert();
            batch_writes
                .write(self.transaction, state.head, self.now, email_quotas)
                .await?;
        }
        self.head = state.head;
        Ok(answers)
    }
}

/// Takes the log's lock: from here to the commit nobody else appends.
///
/// # Errors
/// Also `Unavailable` when this machine's clock is too wrong to date events.
pub(super) async fn lock_head(transaction: &mut dyn Transaction, clocks: &ClockGuard) -> Result<Head, StoreError> {
    let question = head_question(transaction.dialect());
    let rows = transaction.rows(Query::new(question, [])).await?;
    head_of(transaction, rows, clocks).await
}

/// Asks for the end of the log, and takes its lock.
fn head_question(dialect: Dialect) -> String {
    let (clock, lock) = (clock_column(dialect), dialect.for_update());
    format!("select position, recorded_at, {clock}, read_to from log_head where id = 1{lock}")
}

/// The end of the log, as that question was answered.
async fn head_of(
    transaction: &mut dyn Transaction,
    rows: Vec<Vec<Value>>,
    clocks: &ClockGuard,
) -> Result<Head, StoreError> {
    match rows.into_iter().next().as_deref() {
        Some(
            [
                Value::Int(position),
                Value::Text(recorded_at),
                witness,
                Value::Int(read_to),
            ],
        ) => {
            let recorded_at =
                Timestamp::parse(recorded_at).ok_or_else(|| StoreError::internal("log_head.recorded_at is no time"))?;
            let (position, read_to) = (*position, *read_to);
            clocks.check(LogTime {
                position,
                recorded_at,
                witness,
            })?;
            // Behind it there may be what cannot be read; a batch ends with everything read.
            unreadable::read_all(transaction, ReadTo { read_to, position }).await?;
            Ok(Head { position, recorded_at })
        }
        _ => Err(StoreError::internal("log_head has no row")),
    }
}

/// What the log holds of the things that the waiting appends are about, kept up to date while they are placed.
struct LogState {
    head: Head,
    /// What this node's clock says; the head's time can be ahead of it.
    now: Timestamp,
    versions: BTreeMap<Stream, i64>,
    preconditions: Preconditions,
    reserved: BTreeSet<String>,
    used_keys: BTreeSet<String>,
    credentials: CredentialState,
    applications: Applications,
    email_quotas: EmailQuotas,
    generations: Generations,
}

impl LogState {
    async fn read(
        transaction: &mut dyn Transaction,
        appends: &[Append],
        head: Head,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let BatchReads {
            versions,
            reserved,
            used_keys,
            credentials,
            applications,
            email_quotas,
            generations,
        } = BatchReads::ask(transaction, appends, now).await?;
        let preconditions = Preconditions::read(transaction, appends, &versions).await?;
        Ok(Self {
            head,
            now,
            versions,
            preconditions,
            reserved,
            used_keys,
            credentials,
            applications,
            email_quotas,
            generations,
        })
    }

    /// Whether everything the append was based on still holds.
    fn check(&self, append: &Append) -> Result<(), AppendError> {
        if append
            .idempotency
            .as_ref()
            .is_some_and(|record| self.used_keys.contains(&record.key))
        {
            return Err(AppendError::KeyUsed);
        }
        if !self.stands(append) {
            return Err(AppendError::Conflict);
        }
        if !append
            .credential_guards
            .iter()
            .all(|guard| self.credentials.holds(guard))
        {
            return Err(AppendError::CredentialReplaced);
        }
        let mut wanted = append.reservations.iter();
        if let Some(taken) = wanted.find(|one| self.reserved.contains(&one.key.to_string())) {
            return Err(AppendError::Taken(taken.key.clone()));
        }
        self.applications.check(append)?;
        self.email_quotas.check(append)
    }

    /// Whether nothing has happened that could have led to another decision.
    fn stands(&self, append: &Append) -> bool {
        let mut streams = append.streams.iter();
        let mut preconditions = append.preconditions.iter();
        let mut free = append.still_free.iter();
        streams.all(|stream| self.preconditions.follow(stream, self.version(&stream.expected)))
            && preconditions
                .all(|precondition| self.preconditions.hold(precondition, self.version(&precondition.guard)))
            && free.all(|key| !self.reserved.contains(&key.to_string()))
    }

    fn version(&self, guard: &Guard) -> i64 {
        self.versions.get(&guard.stream()).copied().unwrap_or_default()
    }

    /// Gives the events their places and adds all of the append to what will be written; nothing of it when something
    /// would not be read back.
    fn place(&mut self, append: &Append, batch_writes: &mut BatchWrites) -> Result<Receipt, AppendError> {
        let mut head = self.head;
        let mut placed = Vec::with_capacity(append.streams.len());
        for stream in &append.streams {
            // Looks may have come in between.
            let (version, id) = (self.version(&stream.expected), stream.expected.stream());
            let last_hash = self.preconditions.last_hash(&id).unwrap_or(&stream.previous_hash);
            let events = events_after(&mut head, stream, version, last_hash)?;
            let rows = (stream.fold)(&events, &self.generations)?;
            placed.push((id, version, events, rows));
        }
        self.head = head;
        let mut receipt = Receipt { events: Vec::new() };
        for (id, version, events, rows) in placed {
            self.preconditions.placed(&id, &events);
            self.versions.insert(id, version + events.len() as i64);
            batch_writes.events.extend(events.iter().map(event_row));
            batch_writes.rows.extend(rows);
            receipt.events.extend(events);
        }
        for reservation in &append.reservations {
            self.reserved.insert(reservation.key.to_string());
            batch_writes.reservations.push(vec![
                reservation.key.to_string().into(),
                reservation.owner.as_str().into(),
            ]);
        }
        if let Some(record) = append.idempotency.clone() {
            self.used_keys.insert(record.key.clone());
            // The version that the first answer shows of what it is about; an application, where nothing has happened.
            let begun = append.streams.first().map(|stream| &stream.expected);
            let about = begun.map_or((IntegrationApp::TYPE, record.app_id.clone()), |guard| {
                (guard.aggregate_type, guard.aggregate_id.clone())
            });
            let version = self.versions.get(&about).copied().unwrap_or_default();
            batch_writes
                .idempotency_keys
                .push(idempotency_row(record, version, self.now));
        }
        batch_writes.settled_events.extend(&append.settled_events);
        self.applications.created(append);
        batch_writes.withdraw_emails(&append.withdrawn_emails);
        let to_send = append.emails.iter().filter(|email| self.email_quotas.count(email));
        batch_writes.emails.extend(to_send.cloned());
        append
            .credentials
            .iter()
            .for_each(|change| self.credentials.change(change));
        batch_writes.credentials.extend(append.credentials.iter().cloned());
        Ok(receipt)
    }
}

/// The events of a stream, which is at this version, with their places after the head, which moves on, and their hashes.
pub(super) fn events_after(
    head: &mut Head,
    stream: &StreamAppend,
    version: i64,
    last_hash: &str,
) -> Result<Vec<StoredEvent>, UnreadableEvent> {
    let Guard {
        aggregate_type,
        aggregate_id,
        ..
    } = &stream.expected;
    let mut previous_hash = last_hash.to_owned();
    let mut events = Vec::with_capacity(stream.events.len());
    for (sequence, event) in (version + 1..).zip(stream.events.iter().cloned()) {
        head.position += 1;
        let mut stored = StoredEvent {
            position: head.position,
            recorded_at: head.recorded_at.to_string(),
            aggregate_type: (*aggregate_type).to_owned(),
            aggregate_id: aggregate_id.clone(),
            group_id: stream.group_id.clone(),
            app_id: event.app_id,
            sequence,
            event_type: event.event_type,
            event_version: event.event_version,
            payload: event.payload,
            metadata: event.metadata,
            previous_hash,
            hash: String::new(),
        };
        stored.hash = hash_of(&stored, &EventParts::of(&stored)?);
        previous_hash = stored.hash.clone();
        events.push(stored);
    }
    Ok(events)
}
