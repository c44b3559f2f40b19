//! One question to the database for all who wait: what group commit is to writing, this is to reading.
//!
//! One question is under way at a time. Whoever comes meanwhile waits for the next one, never for the one under way, because
//! that was sent before they came (R26).

use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::task::Poll;
use std::time::Duration;

use futures::FutureExt;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::time::timeout;

use super::answer::Answer;
use super::facts::Wanted;
use super::memory::Memory;
use super::names::Name;
use super::question::{Asked, Mark, question};
use crate::metrics::Metrics;
use crate::store::{Database, StoreError};

/// How long whoever asks waits, for the question under way and for the next one: a gateway waits behind it, and behind that
/// its clients.
const PATIENCE: Duration = Duration::from_secs(1);
/// How many callers' facts one question asks for, at most, so that its statement stays small enough to be answered at once.
const ASKED_BY_MAX: usize = 128;
/// How often those who are about to ask are let in before a question is sent. Nobody waits for a clock: whoever is let in has work
/// that is ready now.
const LET_IN_MAX: u32 = 4;
/// How many callers may wait to have their facts asked for; others wait to ask.
const QUEUE: usize = 4_096;

/// The way to the task that asks.
pub(super) struct Questions {
    shared: Arc<Shared>,
    queue: mpsc::Sender<Waiting>,
}

/// What the task and those who wait for it share.
struct Shared {
    memory: RwLock<Memory>,
    /// How many questions have been sent, or are about to be.
    started: AtomicU64,
    /// How many have come to wait for a question.
    came: AtomicU64,
    /// Somebody waits for a question that has not been sent.
    wanted: Notify,
    /// The number of the last question that was answered or given up, and why it was.
    done: watch::Sender<(u64, Result<(), StoreError>)>,
    metrics: Arc<Metrics>,
}

/// What was read, and the end of the log at that moment.
pub(super) struct ReadAsOf<T> {
    pub(super) made: T,
    /// None while the log cannot be read to its end: what was read may change without an event.
    pub(super) as_of: Option<Mark>,
}

/// Somebody whose facts are not in memory.
struct Waiting {
    names: Vec<Name>,
    answer: oneshot::Sender<Result<Arc<Answer>, StoreError>>,
}

impl Questions {
    /// Starts the task. It ends with this.
    pub(super) fn start(database: Arc<dyn Database>, memory_bytes: u64, metrics: Arc<Metrics>) -> Self {
        let shared = Arc::new(Shared {
            memory: RwLock::new(Memory::new(memory_bytes)),
            started: AtomicU64::new(0),
            came: AtomicU64::new(0),
            wanted: Notify::new(),
            done: watch::Sender::new((0, Ok(()))),
            metrics,
        });
        let (queue, waiting) = mpsc::channel(QUEUE);
        tokio::spawn(ask_for_all(database, shared.clone(), waiting));
        Self { shared, queue }
    }

    /// What is committed, no earlier than now.
    ///
    /// # Errors
    /// When it cannot be read, or not within [`PATIENCE`].
    pub(super) async fn get<W: Wanted>(&self, wanted: &W) -> Result<Option<W::Made>, StoreError> {
        let read = self.get_as_of(wanted).await?;
        Ok(read.map(|read| read.made))
    }

    /// The same, and the end of the log that it is true at.
    ///
    /// # Errors
    /// As above.
    pub(super) async fn get_as_of<W: Wanted>(&self, wanted: &W) -> Result<Option<ReadAsOf<W::Made>>, StoreError> {
        let late = || StoreError::unavailable("it did not answer in time");
        let made = timeout(PATIENCE, self.get_in_time(wanted)).await;
        made.unwrap_or_else(|_| Err(late()))
    }

    async fn get_in_time<W: Wanted>(&self, wanted: &W) -> Result<Option<ReadAsOf<W::Made>>, StoreError> {
        if wanted.seems_held(&*self.shared.memory()) {
            // It may be out of date: only a question that is sent from now on tells.
            let next = self.shared.started.load(Ordering::SeqCst) + 1;
            self.shared.came.fetch_add(1, Ordering::Relaxed);
            self.shared.wanted.notify_one();
            self.shared.answered(next).await?;
            if let Some(read) = self.shared.find_as_of(wanted, next)? {
                self.shared.metrics.gate_facts_remembered.inc();
                return Ok(Some(read));
            }
        }
        self.shared.metrics.gate_facts_read.inc();
        let answer = self.ask(wanted.names()).await?;
        let made = wanted.make(&*answer)?;
        Ok(made.map(|made| ReadAsOf {
            made,
            as_of: answer.as_of(),
        }))
    }

    /// Has the next question ask for these, too.
    async fn ask(&self, names: Vec<Name>) -> Result<Arc<Answer>, StoreError> {
        let (answer, received) = oneshot::channel();
        let gone = || StoreError::unavailable("nobody reads any more");
        self.shared.came.fetch_add(1, Ordering::Relaxed);
        self.queue.send(Waiting { names, answer }).await.map_err(|_| gone())?;
        received.await.map_err(|_| gone())?
    }
}

impl Shared {
    fn memory(&self) -> RwLockReadGuard<'_, Memory> {
        self.memory.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets other tasks run, as long as that brings somebody who asks. One question for all of them costs the database, and this
    /// process, much less than one for each few.
    async fn let_others_join(&self) {
        let mut before = self.came.load(Ordering::Relaxed);
        for _ in 0..LET_IN_MAX {
            step_back().await;
            let now = self.came.load(Ordering::Relaxed);
            if now == before {
                return;
            }
            before = now;
        }
    }

    /// Waits until this question, or one after it, is done.
    async fn answered(&self, number: u64) -> Result<(), StoreError> {
        let mut done = self.done.subscribe();
        let done = done.wait_for(|(done, _)| *done >= number).await;
        let done = done.map_err(|_| StoreError::unavailable("nobody asks any more"))?;
        done.1.clone()
    }

    /// What memory holds as of this question at least. None: it has to be asked for.
    ///
    /// # Errors
    /// `Unavailable` when memory is not as young as that.
    fn find_as_of<W: Wanted>(&self, wanted: &W, number: u64) -> Result<Option<ReadAsOf<W::Made>>, StoreError> {
        let memory = self.memory();
        match memory.applied >= number {
            true => Ok(memory.find(wanted).map(|made| ReadAsOf {
                made,
                as_of: memory.mark().cloned(),
            })),
            false => Err(StoreError::unavailable("the last question was not answered")),
        }
    }
}

async fn ask_for_all(database: Arc<dyn Database>, shared: Arc<Shared>, mut queue: mpsc::Receiver<Waiting>) {
    let mut waiting = Vec::with_capacity(ASKED_BY_MAX);
    loop {
        let mut somebody_waits_for_memory = tokio::select! {
            received = queue.recv_many(&mut waiting, ASKED_BY_MAX) => match received {
                0 => return,
                _ => false,
            },
            () = shared.wanted.notified() => true,
        };
        shared.let_others_join().await;
        // Those who have joined wait for this question and for no other.
        somebody_waits_for_memory |= shared.wanted.notified().now_or_never().is_some();
        while waiting.len() < ASKED_BY_MAX
            && let Ok(one) = queue.try_recv()
        {
            waiting.push(one);
        }
        // Who has hung up needs no answer.
        waiting.retain(|one| !one.answer.is_closed());
        if waiting.is_empty() && !somebody_waits_for_memory {
            continue;
        }
        // From here on nobody joins: whoever comes waits for the next question.
        let number = shared.started.fetch_add(1, Ordering::SeqCst) + 1;
        // One question that goes wrong must not end the task.
        let answer = AssertUnwindSafe(ask(&*database, &shared, number, &waiting))
            .catch_unwind()
            .await;
        let answer = answer.unwrap_or_else(|_| Err(StoreError::internal("a question went wrong")));
        shared.metrics.gate_questions.inc();
        let outcome = answer.as_ref().map(drop).map_err(Clone::clone);
        drop(shared.done.send_replace((number, outcome)));
        for one in waiting.drain(..) {
            // Whoever waits asked for something, so that there is an answer.
            let answer = answer.clone().and_then(|answer| answer.ok_or_else(no_answer));
            let _ = one.answer.send(answer);
        }
    }
}

/// Lets those tasks run that are ready now. Unlike tokio's `yield_now`, it does not tie this task to a worker that may be busy
/// for long: one that has nothing to do goes on with it.
async fn step_back() {
    let mut has_stepped_back = false;
    poll_fn(|context| {
        if has_stepped_back {
            return Poll::Ready(());
        }
        has_stepped_back = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Asks, and moves memory on. There is no answer to read if nothing was asked for and nothing has happened.
async fn ask(
    database: &dyn Database,
    shared: &Shared,
    number: u64,
    waiting: &[Waiting],
) -> Result<Option<Arc<Answer>>, StoreError> {
    // Before the question: what is committed in between is in its answer, and is looked for once more the next time.
    let seen = database.commits_seen().await?;
    let mut asked = Asked::default();
    waiting
        .iter()
        .flat_map(|one| &one.names)
        .for_each(|name| asked.add(name));
    let query = {
        let mut memory = shared.memory.write().unwrap_or_else(PoisonError::into_inner);
        if waiting.is_empty() && memory.is_untouched(seen) {
            memory.applied = number;
            return Ok(None);
        }
        question(database.dialect(), memory.mark(), &asked)
    };
    let answer = Arc::new(Answer::read(database.gate_rows(query).await?, &asked)?);
    let mut memory = shared.memory.write().unwrap_or_else(PoisonError::into_inner);
    memory.apply(&answer, number, seen);
    Ok(Some(answer))
}

fn no_answer() -> StoreError {
    StoreError::internal("a question had no answer")
}

#[cfg(test)]
mod tests;
