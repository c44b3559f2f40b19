//! The one task of a process that appends to the log. It commits whatever is waiting in one transaction, so that many
//! callers share a commit, and so that a caller that goes away leaves nothing half done.

use std::sync::Arc;

use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::{JoinError, JoinHandle};

use super::append::{Append, AppendError, Receipt};
use super::batch;
use crate::clock::Clock;
use crate::metrics::Metrics;
use crate::store::{Database, StoreError};

/// At most so many appends share a transaction.
const BATCH_MAX: usize = 64;
/// So many appends may wait before callers wait to hand over theirs.
const QUEUE: usize = 1_024;

/// The way to the writer. Cloning it is cheap.
#[derive(Clone)]
pub struct Writer {
    queue: mpsc::Sender<Waiting>,
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
        let task = tokio::spawn(write_batches(database, clock, metrics, waiting, ending.clone()));
        (Self { queue }, WriterTask { task, ending })
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

async fn write_batches(
    database: Arc<dyn Database>,
    clock: Clock,
    metrics: Arc<Metrics>,
    mut queue: mpsc::Receiver<Waiting>,
    ending: Arc<Notify>,
) {
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
        let (appends, answers): (Vec<_>, Vec<_>) = waiting.drain(..).map(|one| (one.append, one.answer)).unzip();
        metrics.batch_sizes.observe(appends.len() as f64);
        match batch::write(&*database, &appends, clock.now()).await {
            Ok(results) => answer_all(answers, results),
            // What the database refuses is somebody's own fault; the others must not suffer for it.
            Err(error) if appends.len() > 1 && !error.is_unavailable() => {
                for (append, answer) in appends.into_iter().zip(answers) {
                    match batch::write(&*database, &[append], clock.now()).await {
                        Ok(results) => answer_all(vec![answer], results),
                        Err(error) => refuse_all(vec![answer], &error),
                    }
                }
            }
            Err(error) => refuse_all(answers, &error),
        }
    }
}

type Answer = oneshot::Sender<Result<Receipt, AppendError>>;

/// Whoever asked may have hung up; what was committed stays committed.
fn answer_all(answers: Vec<Answer>, results: Vec<Result<Receipt, AppendError>>) {
    for (answer, result) in answers.into_iter().zip(results) {
        let _ = answer.send(result);
    }
}

fn refuse_all(answers: Vec<Answer>, error: &StoreError) {
    tracing::error!(%error, waiting = answers.len(), "a batch could not be written");
    for answer in answers {
        let again = match error {
            StoreError::Unavailable(why) => StoreError::Unavailable(why.clone()),
            other => StoreError::Refused(other.to_string()),
        };
        let _ = answer.send(Err(AppendError::Store(again)));
    }
}
