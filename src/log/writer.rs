//! The one task of a process that appends to the log. It commits whatever is waiting in one transaction, so that many
//! callers share a commit, and so that a caller that goes away leaves nothing half done.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::{JoinError, JoinHandle};

use super::append::{Append, AppendError, Receipt};
use super::batch::{self, BatchAnswers};
use super::clock_guard::ClockGuard;
use super::locked::LockedDecision;
use crate::clock::Clock;
use crate::metrics::Metrics;
use crate::store::{Database, StoreError};

/// How many appends share a transaction, at most: enough to share the cost of a commit, and few enough that the lock on
/// the log is held for milliseconds.
const BATCH_MAX: usize = 64;
/// How many decisions under the log's lock share a transaction, at most. Each reads under the lock, so they are fewer.
const DECISIONS_MAX: usize = 16;
/// How often a batch is tried when another process is in its way. More than four in a row means that the database is
/// overloaded, and its callers had better know.
const TRIES: u32 = 4;
/// How many appends may wait; callers wait to hand over more. Sixteen batches are queued then.
const QUEUE: usize = 1_024;

/// The way to the writer. Cloning it is cheap.
#[derive(Clone)]
pub struct Writer {
    queue: mpsc::Sender<QueuedRequest<Append>>,
    /// Overtakes the queue.
    first: mpsc::Sender<QueuedRequest<Arc<dyn LockedDecision>>>,
    state: Arc<WriterState>,
}

/// What the writer's task knows, and others ask for.
struct WriterState {
    /// Whether the last batch could not be written although nothing was wrong with it.
    failed: AtomicBool,
    last_commit: Mutex<Option<Instant>>,
    clocks: ClockGuard,
}

struct QueuedRequest<T> {
    what: T,
    answer: Answer,
}

impl Writer {
    /// Starts the writer task.
    pub fn start(database: Arc<dyn Database>, clock: Clock, metrics: Arc<Metrics>) -> (Self, WriterTask) {
        let (queue, appends) = mpsc::channel(QUEUE);
        let (first, decisions) = mpsc::channel(QUEUE);
        let waiting = Queues {
            decisions,
            appends,
            next: Batch::default(),
        };
        let ending = Arc::new(Notify::new());
        let state = Arc::new(WriterState {
            failed: AtomicBool::new(false),
            last_commit: Mutex::default(),
            clocks: ClockGuard::new(&clock),
        });
        let batches = Batches {
            database,
            clock,
            metrics,
            state: state.clone(),
        };
        let task = tokio::spawn(write_batches(batches, waiting, ending.clone()));
        (Self { queue, first, state }, WriterTask { task, ending })
    }

    /// Hands an append over and waits until it is committed. From the hand-over on it happens whether or not anybody
    /// waits.
    ///
    /// # Errors
    /// See [`AppendError`]; nothing of the append has happened then. One exception no database can take away: when the
    /// connection is lost in the very moment of the commit, `Unavailable` can mean that it did happen.
    pub async fn append(&self, append: Append) -> Result<Receipt, AppendError> {
        hand_over(&self.queue, append).await
    }

    /// Has something decided under the log's lock, and appended before all that waits, so that it loses against nobody.
    /// From the hand-over on it happens whether or not anybody waits.
    ///
    /// # Errors
    /// As for [`append`](Self::append).
    pub async fn decide(&self, decision: Arc<dyn LockedDecision>) -> Result<Receipt, AppendError> {
        hand_over(&self.first, decision).await
    }

    /// Whether the last batch could not be written, because of the database or this machine's clock.
    pub fn has_failed(&self) -> bool {
        self.state.failed.load(Ordering::Relaxed)
    }

    /// Something as large as a batch could be written since.
    pub fn forget_failure(&self) {
        self.state.failed.store(false, Ordering::Relaxed);
    }

    /// When a batch was written last.
    pub fn last_commit(&self) -> Option<Instant> {
        *self.state.last_commit.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What compares this machine's clock before a batch is written.
    pub fn clocks(&self) -> &ClockGuard {
        &self.state.clocks
    }

    /// How many appends wait for their batch.
    pub fn waiting(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    /// Whether the writer's task has ended, so that nothing can be appended any more.
    pub fn is_gone(&self) -> bool {
        self.queue.is_closed()
    }

    /// Waits until [`is_gone`](Self::is_gone).
    pub async fn gone(&self) {
        self.queue.closed().await;
    }
}

/// The writer's task.
pub struct WriterTask {
    task: JoinHandle<()>,
    ending: Arc<Notify>,
}

impl WriterTask {
    /// Takes nothing more, and waits until what was taken is committed.
    ///
    /// # Errors
    /// When the task died.
    pub async fn end(self) -> Result<(), JoinError> {
        self.ending.notify_one();
        self.task.await
    }
}

/// What batches are written with.
struct Batches {
    database: Arc<dyn Database>,
    clock: Clock,
    metrics: Arc<Metrics>,
    state: Arc<WriterState>,
}

/// Hands something over to the writer's task, and waits until it is committed.
async fn hand_over<T>(queue: &mpsc::Sender<QueuedRequest<T>>, what: T) -> Result<Receipt, AppendError> {
    let (answer, receipt) = oneshot::channel();
    let gone = || AppendError::Store(StoreError::unavailable("the writer has ended"));
    queue.send(QueuedRequest { what, answer }).await.map_err(|_| gone())?;
    receipt.await.map_err(|_| gone())?
}

/// What waits to be written.
struct Queues {
    decisions: mpsc::Receiver<QueuedRequest<Arc<dyn LockedDecision>>>,
    appends: mpsc::Receiver<QueuedRequest<Append>>,
    next: Batch,
}

/// What is written in one transaction, and who waits for it: first for the decisions, then for the appends.
#[derive(Default)]
struct Batch {
    decisions: Vec<Arc<dyn LockedDecision>>,
    appends: Vec<Append>,
    deciders: Vec<Answer>,
    appenders: Vec<Answer>,
}

impl Queues {
    /// The next batch: all that waits, as far as it goes into one transaction. None when nothing can come any more.
    async fn next(&mut self, ending: &Notify) -> Option<Batch> {
        while self.next.is_empty() {
            tokio::select! {
                biased;
                Some(decision) = self.decisions.recv() => self.next.decide(decision),
                Some(append) = self.appends.recv() => self.next.append(append),
                // From here on nobody gets in; what is in the queues is still received.
                () = ending.notified(), if !self.appends.is_closed() => {
                    self.decisions.close();
                    self.appends.close();
                }
                else => return None,
            }
        }
        while self.next.decisions.len() < DECISIONS_MAX
            && let Ok(decision) = self.decisions.try_recv()
        {
            self.next.decide(decision);
        }
        while self.next.appends.len() < BATCH_MAX
            && let Ok(append) = self.appends.try_recv()
        {
            self.next.append(append);
        }
        Some(std::mem::take(&mut self.next))
    }

    /// Whoever waits, without having been looked at.
    fn all(&mut self) -> impl Iterator<Item = Answer> {
        let deciders = std::iter::from_fn(|| self.decisions.try_recv().ok()).map(|one| one.answer);
        deciders.chain(std::iter::from_fn(|| self.appends.try_recv().ok()).map(|one| one.answer))
    }
}

impl Batch {
    fn decide(&mut self, one: QueuedRequest<Arc<dyn LockedDecision>>) {
        self.decisions.push(one.what);
        self.deciders.push(one.answer);
    }

    fn append(&mut self, one: QueuedRequest<Append>) {
        self.appends.push(one.what);
        self.appenders.push(one.answer);
    }

    fn len(&self) -> usize {
        self.decisions.len() + self.appends.len()
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

async fn write_batches(batches: Batches, mut queues: Queues, ending: Arc<Notify>) {
    while let Some(batch) = queues.next(&ending).await {
        batches.metrics.batch_sizes.observe(batch.len() as f64);
        let written = batches.write_all(batch).await;
        batches.state.failed.store(written.is_err(), Ordering::Relaxed);
        if let Err(error) = written {
            // They would wait as long, one batch after the other, to hear the same.
            refuse_all(queues.all(), &error);
        }
    }
}

impl Batches {
    /// Writes a batch, and answers whoever waits for it.
    ///
    /// # Errors
    /// The database is not available, which all of them know by then.
    async fn write_all(&self, batch: Batch) -> Result<(), StoreError> {
        let is_one = batch.len() == 1;
        let (decisions, appends) = (batch.decisions, batch.appends);
        let mut answers = batch.deciders.into_iter().chain(batch.appenders);
        let error = match self.counted(&decisions, &appends).await {
            Ok(results) => {
                answer_all(answers, results);
                return Ok(());
            }
            Err(error) => error,
        };
        if is_one || error.is_unavailable() {
            return refused(answers, error);
        }
        // What the database refuses is somebody's own fault; the others must not suffer for it.
        let by_itself = decisions
            .iter()
            .map(|decision| (std::slice::from_ref(decision), &[][..]));
        let by_itself = by_itself.chain(appends.iter().map(|append| (&[][..], std::slice::from_ref(append))));
        for (decisions, appends) in by_itself {
            match self.counted(decisions, appends).await {
                Ok(results) => answer_all(answers.by_ref().take(1), results),
                Err(error) if error.is_unavailable() => return refused(answers, error),
                Err(error) => refuse_all(answers.by_ref().take(1), &error),
            }
        }
        Ok(())
    }

    /// Writes a batch, and counts what became of it.
    async fn counted(
        &self,
        decisions: &[Arc<dyn LockedDecision>],
        appends: &[Append],
    ) -> Result<BatchAnswers, StoreError> {
        let outcome = self.write(decisions, appends).await;
        match &outcome {
            Ok(results) => {
                results.iter().for_each(|result| self.tell_of_not_read_back(result));
                self.metrics.batch_committed();
                let mut last_commit = self.state.last_commit.lock().unwrap_or_else(PoisonError::into_inner);
                *last_commit = Some(Instant::now());
            }
            Err(_) => self.metrics.batch_failed(),
        }
        outcome
    }

    /// Whoever would have stored something that nobody can read has a fault that somebody has to mend.
    fn tell_of_not_read_back(&self, result: &Result<Receipt, AppendError>) {
        if let Err(AppendError::NotReadBack(event)) = result {
            tracing::error!(%event, "refused an append: reading it back gave a different result");
            self.metrics.appends_not_read_back.inc();
        }
    }

    /// Writes a batch in one transaction; once more when the database gave it up for the sake of another one.
    async fn write(
        &self,
        decisions: &[Arc<dyn LockedDecision>],
        appends: &[Append],
    ) -> Result<BatchAnswers, StoreError> {
        for _ in 1..TRIES {
            match self.try_to_write(decisions, appends).await {
                Err(StoreError::GivenUp(why)) => tracing::info!(%why, "writing a batch again"),
                outcome => return outcome,
            }
        }
        self.try_to_write(decisions, appends).await
    }

    async fn try_to_write(
        &self,
        decisions: &[Arc<dyn LockedDecision>],
        appends: &[Append],
    ) -> Result<BatchAnswers, StoreError> {
        let (now, clocks) = (self.clock.now(), &self.state.clocks);
        batch::write(&*self.database, decisions, appends, now, clocks).await
    }
}

type Answer = oneshot::Sender<Result<Receipt, AppendError>>;

/// Whoever asked may have hung up; what was committed stays committed.
fn answer_all(answers: impl Iterator<Item = Answer>, results: Vec<Result<Receipt, AppendError>>) {
    for (answer, result) in answers.zip(results) {
        let _ = answer.send(result);
    }
}

/// Tells all of them, and passes the error on if the others who wait have to hear it, too.
fn refused(answers: impl Iterator<Item = Answer>, error: StoreError) -> Result<(), StoreError> {
    refuse_all(answers, &error);
    match error.is_unavailable() {
        true => Err(error),
        false => Ok(()),
    }
}

fn refuse_all(answers: impl Iterator<Item = Answer>, error: &StoreError) {
    let mut refused = 0;
    for answer in answers {
        let _ = answer.send(Err(AppendError::Store(error.clone())));
        refused += 1;
    }
    if refused > 0 {
        tracing::error!(%error, refused, "could not write appends");
    }
}

#[cfg(test)]
mod tests;
