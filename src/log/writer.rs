//! The one task of a process that appends to the log. It commits whatever is waiting in one transaction, so that many
//! callers share a commit, and so that a caller that goes away leaves nothing half done.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::{JoinError, JoinHandle};

use super::append::{Append, AppendError, Receipt};
use super::batch;
use super::clock_guard::ClockGuard;
use crate::clock::Clock;
use crate::metrics::Metrics;
use crate::store::{Database, StoreError};

/// At most so many appends share a transaction.
const BATCH_MAX: usize = 64;
/// So often a batch is written that was in another transaction's way.
const TRIES: u32 = 4;
/// So many appends may wait before callers wait to hand over theirs.
const QUEUE: usize = 1_024;

/// The way to the writer. Cloning it is cheap.
#[derive(Clone)]
pub struct Writer {
    queue: mpsc::Sender<Waiting>,
    state: Arc<State>,
}

/// What the writer's task knows, and others ask for.
struct State {
    /// Whether the last batch could not be written although nothing was wrong with it.
    failed: AtomicBool,
    last_commit: Mutex<Option<Instant>>,
    clocks: ClockGuard,
}

struct Waiting {
    append: Append,
    answer: Answer,
}

impl Writer {
    /// Starts the writer task.
    pub fn start(database: Arc<dyn Database>, clock: Clock, metrics: Arc<Metrics>) -> (Self, WriterTask) {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let ending = Arc::new(Notify::new());
        let state = Arc::new(State {
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
        (Self { queue, state }, WriterTask { task, ending })
    }

    /// Hands an append over and waits until it is committed. From the hand-over on it happens whether or not anybody
    /// waits.
    ///
    /// # Errors
    /// See [`AppendError`]; nothing of the append has happened then. One exception no database can take away: when the
    /// connection is lost in the very moment of the commit, `Unavailable` can mean that it did happen.
    pub async fn append(&self, append: Append) -> Result<Receipt, AppendError> {
        let (answer, receipt) = oneshot::channel();
        let gone = || AppendError::Store(StoreError::Unavailable("the writer has ended".to_owned()));
        self.queue.send(Waiting { append, answer }).await.map_err(|_| gone())?;
        receipt.await.map_err(|_| gone())?
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
    state: Arc<State>,
}

async fn write_batches(batches: Batches, mut queue: mpsc::Receiver<Waiting>, ending: Arc<Notify>) {
    let mut waiting = Vec::with_capacity(BATCH_MAX);
    loop {
        let received = tokio::select! {
            biased;
            received = queue.recv_many(&mut waiting, BATCH_MAX) => received,
            // From here on nobody gets in; what is in the queue is still received.
            () = ending.notified(), if !queue.is_closed() => {
                queue.close();
                continue;
            }
        };
        if received == 0 {
            return;
        }
        batches.metrics.batch_sizes.observe(received as f64);
        let written = batches.write_all(waiting.drain(..)).await;
        batches.state.failed.store(written.is_err(), Ordering::Relaxed);
        if let Err(error) = written {
            // They would wait as long, one batch after the other, to hear the same.
            refuse_all(
                std::iter::from_fn(|| queue.try_recv().ok()).map(|one| one.answer),
                &error,
            );
        }
    }
}

impl Batches {
    /// Writes a batch, and answers whoever waits for it.
    ///
    /// # Errors
    /// The database is not available, which all of them know by then.
    async fn write_all(&self, waiting: impl Iterator<Item = Waiting>) -> Result<(), StoreError> {
        let (appends, answers): (Vec<_>, Vec<_>) = waiting.map(|one| (one.append, one.answer)).unzip();
        let mut answers = answers.into_iter();
        match self.counted(&appends).await {
            Ok(results) => answer_all(answers, results),
            // What the database refuses is somebody's own fault; the others must not suffer for it.
            Err(error) if appends.len() > 1 && !error.is_unavailable() => {
                for append in &appends {
                    match self.counted(std::slice::from_ref(append)).await {
                        Ok(results) => answer_all(answers.by_ref().take(1), results),
                        Err(error) if error.is_unavailable() => {
                            refuse_all(answers, &error);
                            return Err(error);
                        }
                        Err(error) => refuse_all(answers.by_ref().take(1), &error),
                    }
                }
            }
            Err(error) => {
                refuse_all(answers, &error);
                if error.is_unavailable() {
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Writes appends, and counts what became of them.
    async fn counted(&self, appends: &[Append]) -> Result<Vec<Result<Receipt, AppendError>>, StoreError> {
        let outcome = self.write(appends).await;
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
            tracing::error!(%event, "an append was refused: what would be stored is not read back as what is meant");
            self.metrics.appends_not_read_back.inc();
        }
    }

    /// Writes appends in one transaction; once more when the database gave it up for the sake of another one.
    async fn write(&self, appends: &[Append]) -> Result<Vec<Result<Receipt, AppendError>>, StoreError> {
        for _ in 1..TRIES {
            match self.try_to_write(appends).await {
                Err(StoreError::GivenUp(why)) => tracing::info!(why, "a batch is written once more"),
                outcome => return outcome,
            }
        }
        self.try_to_write(appends).await
    }

    async fn try_to_write(&self, appends: &[Append]) -> Result<Vec<Result<Receipt, AppendError>>, StoreError> {
        batch::write(&*self.database, appends, self.clock.now(), &self.state.clocks).await
    }
}

type Answer = oneshot::Sender<Result<Receipt, AppendError>>;

/// Whoever asked may have hung up; what was committed stays committed.
fn answer_all(answers: impl Iterator<Item = Answer>, results: Vec<Result<Receipt, AppendError>>) {
    for (answer, result) in answers.zip(results) {
        let _ = answer.send(result);
    }
}

fn refuse_all(answers: impl Iterator<Item = Answer>, error: &StoreError) {
    let mut refused = 0;
    for answer in answers {
        let _ = answer.send(Err(AppendError::Store(error.again())));
        refused += 1;
    }
    if refused > 0 {
        tracing::error!(%error, refused, "appends could not be written");
    }
}

#[cfg(test)]
#[path = "writer_tests.rs"]
mod tests;
