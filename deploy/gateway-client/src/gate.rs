//! The check, and the calls that all checks share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::counts::{CountedChecks, Counts};
use crate::error::GateError;
use crate::memory::Memory;
use crate::moment::Moment;
use crate::node::{HttpNode, Node};
use crate::signature::Verifier;
use crate::wire::{Check, FeedKey, VerifyAnswer};

/// How long a check waits for the call of the feed under way and the next one.
const PATIENCE: Duration = Duration::from_secs(2);
/// The longest wait that a node takes, in seconds.
const WAIT_MAX: u64 = 20;
/// How long to wait between two calls of the bounded form, at least.
const PAUSE_MIN: Duration = Duration::from_millis(20);
/// How long to wait after one that failed.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(500);
/// How many kinds of checks fit into a report.
const KINDS_IN_A_REPORT: usize = 250;

/// How old an answer may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Each check is answered as of a moment after it began: a revocation that was acknowledged before is never missed. It
    /// costs a call of the feed, which all checks share that wait.
    Guaranteed,
    /// An answer may be as old as this. Nothing is asked for a check whose answer is held.
    Bounded(Duration),
}

/// How a gate behaves.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How old an answer may be.
    pub freshness: Freshness,
    /// How many answers are held at the most.
    pub answers_max: usize,
    /// The key that nodes sign with, the `x` of `/gateway/feed-key`. Without it, the node is asked for it at the start.
    pub feed_key: Option<String>,
    /// How often to tell the node how many checks were answered from memory. None: only when [`Gate::report`] is called.
    pub report_every: Option<Duration>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            freshness: Freshness::Guaranteed,
            answers_max: 100_000,
            feed_key: None,
            report_every: Some(Duration::from_secs(60)),
        }
    }
}

/// How many checks there were, and what they cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Checks that were answered from memory.
    pub from_memory: u64,
    /// Checks that the node was asked about.
    pub asked: u64,
    /// Calls of the feed that were answered.
    pub fed: u64,
    /// Answers that are held.
    pub held: u64,
}

/// A gate in front of an API. It follows the feed until it is dropped.
pub struct Gate<N: Node = HttpNode> {
    shared: Arc<Shared<N>>,
    tasks: Vec<JoinHandle<()>>,
}

struct Shared<N> {
    node: N,
    verifier: Verifier,
    freshness: Freshness,
    memory: Mutex<Memory>,
    counts: Mutex<Counts>,
    /// How many calls of the feed have been sent, or are about to be.
    started: AtomicU64,
    /// Somebody waits for a call that has not been sent.
    wanted: Notify,
    /// The number of the last call that was answered or given up, and why it was.
    done: watch::Sender<(u64, Result<(), GateError>)>,
    from_memory: AtomicU64,
    asked: AtomicU64,
    fed: AtomicU64,
}

impl<N: Node> Gate<N> {
    /// A gate that asks this node. Call it inside of a Tokio runtime.
    ///
    /// # Errors
    /// When no key is given and the node does not say it, or when it is no key.
    pub async fn start(node: N, settings: Settings) -> Result<Self, GateError> {
        let key = match settings.feed_key {
            Some(x) => FeedKey { x },
            None => node.feed_key().await?,
        };
        let shared = Arc::new(Shared {
            node,
            verifier: Verifier::new(&key)?,
            freshness: settings.freshness,
            memory: Mutex::new(Memory::new(settings.answers_max)),
            counts: Mutex::default(),
            started: AtomicU64::new(0),
            wanted: Notify::new(),
            done: watch::Sender::new((0, Ok(()))),
            from_memory: AtomicU64::new(0),
            asked: AtomicU64::new(0),
            fed: AtomicU64::new(0),
        });
        let mut tasks = vec![tokio::spawn(follow(shared.clone()))];
        if let Some(every) = settings.report_every {
            tasks.push(tokio::spawn(report_now_and_then(shared.clone(), every)));
        }
        Ok(Self { shared, tasks })
    }

    /// Whether a call may pass.
    ///
    /// # Errors
    /// When it cannot be found out. Nothing may pass then.
    pub async fn check(&self, token: &str, entity: &str, access: &str) -> Result<VerifyAnswer, GateError> {
        let check = Check {
            token: token.to_owned(),
            entity: entity.to_owned(),
            access: access.to_owned(),
        };
        if let Some(held) = self.shared.held(&check).await? {
            self.shared.from_memory.fetch_add(1, Ordering::Relaxed);
            self.shared.counts().count(&check, &held);
            return Ok(held);
        }
        self.shared.asked.fetch_add(1, Ordering::Relaxed);
        let answer = self.shared.node.verify(&check).await?;
        if self.shared.memory().keep(check, answer.clone()) {
            // The feed has to come to where it is true.
            self.shared.wanted.notify_one();
        }
        Ok(answer)
    }

    /// How many checks there were, and what they cost.
    pub fn counters(&self) -> Counters {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counters {
            from_memory: read(&self.shared.from_memory),
            asked: read(&self.shared.asked),
            fed: read(&self.shared.fed),
            held: self.shared.memory().len() as u64,
        }
    }

    /// Tells the node now how many checks were answered from memory. Call it before the program ends.
    ///
    /// # Errors
    /// When the node cannot be told. The next report says it again.
    pub async fn report(&self) -> Result<(), GateError> {
        self.shared.report().await
    }
}

impl<N: Node> Drop for Gate<N> {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl<N: Node> Shared<N> {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer, if memory has it and may be believed.
    async fn held(&self, check: &Check) -> Result<Option<VerifyAnswer>, GateError> {
        match self.freshness {
            Freshness::Bounded(bound) => Ok(self.memory().find_within(check, bound).cloned()),
            Freshness::Guaranteed if self.memory().has(check) => {
                timeout(PATIENCE, self.fed_from_now_on())
                    .await
                    .map_err(|_| GateError::Late)??;
                Ok(self.memory().find(check).cloned())
            }
            Freshness::Guaranteed => Ok(None),
        }
    }

    /// Waits for a call of the feed that is sent from now on, never for the one under way.
    async fn fed_from_now_on(&self) -> Result<(), GateError> {
        let next = self.started.load(Ordering::SeqCst) + 1;
        self.wanted.notify_one();
        let mut done = self.done.subscribe();
        let done = done.wait_for(|(number, _)| *number >= next).await;
        done.map_err(|_| GateError::Gone)?.1.clone()
    }

    /// Asks what has to be dropped, and drops it. An answer to a call that was given up is never looked at.
    async fn ask(&self, wait: u64) -> Result<(), GateError> {
        // From here on nobody joins: who comes later waits for the next call.
        let number = self.started.fetch_add(1, Ordering::SeqCst) + 1;
        let after = self.memory().mark().map(|mark| mark.place.clone());
        let asked = Moment::now();
        let fed = self.node.feed(after.as_deref(), wait).await;
        let outcome = fed.and_then(|feed| {
            let mut memory = self.memory();
            if !self.verifier.verifies(&feed) {
                memory.clear();
                return Err(GateError::Untrusted("its signature is wrong"));
            }
            memory.apply(&feed, asked)
        });
        if outcome.is_ok() {
            self.fed.fetch_add(1, Ordering::Relaxed);
        }
        drop(self.done.send_replace((number, outcome.clone())));
        outcome
    }

    async fn report(&self) -> Result<(), GateError> {
        loop {
            let counted: Vec<CountedChecks> = self.counts().take(KINDS_IN_A_REPORT);
            if counted.is_empty() {
                return Ok(());
            }
            if let Err(error) = self.node.report(&counted).await {
                self.counts().put_back(counted);
                return Err(error);
            }
        }
    }
}

async fn follow<N: Node>(shared: Arc<Shared<N>>) {
    loop {
        match shared.freshness {
            Freshness::Guaranteed => {
                shared.wanted.notified().await;
                // Whoever waits hears of a failure.
                let _ = shared.ask(0).await;
            }
            Freshness::Bounded(bound) => {
                let (wait, pause) = pace(bound);
                let outcome = tokio::select! {
                    biased;
                    () = shared.wanted.notified() => shared.ask(0).await,
                    outcome = shared.ask(wait) => outcome,
                };
                let pause = if outcome.is_ok() {
                    pause
                } else {
                    pause.max(PAUSE_AFTER_FAILURE)
                };
                // What a check brought is true further on than the feed has come.
                let _ = timeout(pause, shared.wanted.notified())
                    .await
                    .map(|()| shared.wanted.notify_one());
                sleep(PAUSE_MIN).await;
            }
        }
    }
}

/// For how many seconds a node is asked to wait, and how long nobody asks afterwards. An answer tells what was true when it was
/// asked for, so that two calls and what they take must fit into the bound.
fn pace(bound: Duration) -> (u64, Duration) {
    match (bound.saturating_sub(Duration::from_secs(1)).as_secs() / 2).min(WAIT_MAX) {
        0 => (0, (bound / 4).max(PAUSE_MIN)),
        wait => (wait, PAUSE_MIN),
    }
}

async fn report_now_and_then<N: Node>(shared: Arc<Shared<N>>, every: Duration) {
    loop {
        sleep(every).await;
        // What could not be reported is in the next report.
        let _ = shared.report().await;
    }
}

#[cfg(test)]
mod tests;
