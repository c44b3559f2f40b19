//! What gateways that hold verdicts have to drop. It is the question of `questions.rs` one level out: what was appended since?
//!
//! Usually nothing was, and then who authenticated the gateway knows that already, because its question told the end of the log
//! (see `Gatebook::feed`). Otherwise one statement of its own is sent. It is not the question of memory: each gateway asks from
//! another place than memory's mark, and memory must not read for whoever is far behind. All gateways that wait share it, from
//! the earliest of their places on, as far back as a thousand events.

mod changes;
mod place;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use gatebook_projections::sql::Query;
use tokio::sync::{Semaphore, SemaphorePermit, mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout};

use super::question::EVENTS_MAX;
use crate::metrics::Metrics;
use crate::store::{Database, Dialect, StoreError};
use changes::Answer;
pub use changes::Changes;
pub use place::LogPlace;

/// How long whoever asks waits, for the question under way and for the next one.
const PATIENCE: Duration = Duration::from_secs(1);
/// How many share a question, at most.
const ASKED_BY_MAX: usize = 1_024;
/// How many may wait to be asked for; others wait to ask.
const QUEUE: usize = 4_096;
/// How many may wait for something to happen.
const WAITING_MAX: usize = 1_024;
/// How often those who wait for something to happen ask. They ask at the same moments, so that they share a question: also what
/// other nodes commit is noticed, and a node asks four times a second however many wait.
const AGAIN_AFTER: Duration = Duration::from_millis(250);

/// The way to the task that asks.
pub(super) struct Feed {
    queue: mpsc::Sender<Asking>,
    waiting: Semaphore,
    started: Instant,
}

/// A gateway that asks from a place in the log.
struct Asking {
    after: Option<LogPlace>,
    answer: oneshot::Sender<Result<Changes, StoreError>>,
}

/// A place among those who wait for something to happen. It holds neither a thread nor a connection to the database.
pub struct WaitingPlace<'a> {
    started: Instant,
    _permit: SemaphorePermit<'a>,
}

impl Feed {
    /// Starts the task. It ends with this.
    pub(super) fn start(database: Arc<dyn Database>, metrics: Arc<Metrics>) -> Self {
        let (queue, asking) = mpsc::channel(QUEUE);
        tokio::spawn(ask_for_all(database, metrics, asking));
        Self {
            queue,
            waiting: Semaphore::new(WAITING_MAX),
            started: Instant::now(),
        }
    }

    /// What changed behind this place, told by a question that is sent from now on.
    ///
    /// # Errors
    /// When it cannot be read, or not within [`PATIENCE`].
    pub(super) async fn changes(&self, after: Option<&LogPlace>) -> Result<Changes, StoreError> {
        let late = || StoreError::unavailable("it did not answer in time");
        let changes = timeout(PATIENCE, self.ask(after.cloned())).await;
        changes.unwrap_or_else(|_| Err(late()))
    }

    async fn ask(&self, after: Option<LogPlace>) -> Result<Changes, StoreError> {
        let (answer, received) = oneshot::channel();
        let gone = || StoreError::unavailable("nobody reads any more");
        self.queue.send(Asking { after, answer }).await.map_err(|_| gone())?;
        received.await.map_err(|_| gone())?
    }

    /// A place to wait in. None when as many wait as may.
    pub(super) fn waiting_place(&self) -> Option<WaitingPlace<'_>> {
        Some(WaitingPlace {
            started: self.started,
            _permit: self.waiting.try_acquire().ok()?,
        })
    }
}

impl WaitingPlace<'_> {
    /// Waits until it is time to ask again.
    pub(in crate::application) async fn until_next_time(&self) {
        let times = self.started.elapsed().as_millis() / AGAIN_AFTER.as_millis() + 1;
        let times = u32::try_from(times).unwrap_or(u32::MAX);
        sleep_until(self.started + AGAIN_AFTER * times).await;
    }
}

async fn ask_for_all(database: Arc<dyn Database>, metrics: Arc<Metrics>, mut queue: mpsc::Receiver<Asking>) {
    let mut asking = Vec::new();
    while queue.recv_many(&mut asking, ASKED_BY_MAX).await > 0 {
        // Who has hung up needs no answer.
        asking.retain(|one| !one.answer.is_closed());
        if asking.is_empty() {
            continue;
        }
        // From here on nobody joins: whoever comes waits for the next question. One that goes wrong must not end the task.
        let answer = AssertUnwindSafe(ask(&*database, &asking)).catch_unwind().await;
        let answer = answer.unwrap_or_else(|_| Err(StoreError::internal("a question went wrong")));
        metrics.feed_questions.inc();
        for one in asking.drain(..) {
            let changes = answer.as_ref().map_err(Clone::clone);
            let changes = changes.map(|answer| answer.changes_after(one.after.as_ref()));
            let _ = one.answer.send(changes);
        }
    }
}

async fn ask(database: &dyn Database, asking: &[Asking]) -> Result<Answer, StoreError> {
    let places = asking.iter().filter_map(|one| one.after.as_ref());
    let earliest = places.map(|place| place.position).min();
    let query = question(database.dialect(), earliest.unwrap_or(i64::MAX));
    Answer::read(database.gate_rows(query).await?)
}

/// The question, from the event at this position on. It is one statement, so that everything in its answer was committed at one
/// moment, and it never reads more than the last thousand events and one.
fn question(dialect: Dialect, from: i64) -> Query {
    let head = dialect.json_row(
        "h.position, \
         (select e.event_id from events e where e.position = h.position), \
         (select sum(p.generation) from projections p), \
         case when h.read_to >= h.position and not exists (select 1 from unreadable_events) then 1 else 0 end",
    );
    let event = dialect.json_row("e.position, e.event_id, e.aggregate_type, e.aggregate_id, e.event_type");
    let limit = EVENTS_MAX + 1;
    // Ordered and limited, so that the database takes the end of the index, whatever it expects of the position.
    let sql = format!(
        "select 'head' as kind, {head} as fields from log_head h where h.id = 1 \
         union all select 'event', {event} from (\
             select position, event_id, aggregate_type, aggregate_id, event_type from events \
             where position >= $1 order by position desc limit {limit}) e"
    );
    Query::new(sql, [from.into()])
}

#[cfg(test)]
mod tests;
