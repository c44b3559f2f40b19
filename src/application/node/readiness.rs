//! Whether a command could be committed now. Answered by trying, at most once a second, and only while somebody asks and no
//! command shows it anyway.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::time::timeout;

use crate::log::{Log, rehearse};
use crate::store::StoreError;

/// How long what was found out is said again.
const FRESH: Duration = Duration::from_secs(1);
/// How often as much is written as a large command writes, which a disk may have no room for.
const ROOM_EVERY: Duration = Duration::from_secs(30);
/// How long a try may take. With what is asked besides, an answer takes less than a second; a load balancer does not wait
/// for long either.
const PATIENCE: Duration = Duration::from_millis(700);

/// What was found out last, and whether somebody is finding out at the moment.
#[derive(Default)]
pub struct Readiness {
    latest: watch::Sender<Option<CommitProbe>>,
    is_trying: Arc<AtomicBool>,
}

#[derive(Clone)]
struct CommitProbe {
    begun: Instant,
    ended: Instant,
    /// Whether it wrote as much as a large command does.
    with_room: bool,
    /// When that was tried last.
    room_tried: Option<Instant>,
    outcome: Result<(), StoreError>,
}

impl Readiness {
    /// Nothing when a command could be committed now; never later than in a second.
    ///
    /// # Errors
    /// `Unavailable` with the reason, otherwise.
    pub async fn check(&self, log: &Log) -> Result<(), StoreError> {
        if log.writer.is_gone() {
            return Err(StoreError::unavailable("the writer has ended"));
        }
        log.database.reachable()?;
        let with_room = log.writer.has_failed();
        let has_committed = log.writer.last_commit().is_some_and(|at| at.elapsed() < FRESH);
        if has_committed && !with_room {
            return Ok(());
        }
        let since = log.database.last_trouble();
        match timeout(PATIENCE, self.tried(log, since, with_room)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(StoreError::unavailable("a commit gets no answer")),
        }
    }

    /// What a try has come to that began after `since`; a fresh one, unless there is one already.
    async fn tried(&self, log: &Log, since: Option<Instant>, with_room: bool) -> Result<(), StoreError> {
        let mut latest = self.latest.subscribe();
        loop {
            let tried = latest.borrow_and_update().clone();
            let room_tried = tried.as_ref().and_then(|tried| tried.room_tried);
            // What others have found out since counts for more.
            let holds = |tried: &CommitProbe| {
                let is_later = since.is_none_or(|since| tried.begun > since) && tried.with_room >= with_room;
                tried.ended.elapsed() < FRESH && (tried.outcome.is_err() || is_later)
            };
            if let Some(tried) = tried.filter(holds) {
                return tried.outcome;
            }
            self.try_unless_trying(log, with_room, room_tried);
            // Its sender is part of this, and so is not gone.
            let _ = latest.changed().await;
        }
    }

    /// One try at a time: of a commit that waits for a standby there must not be more and more.
    fn try_unless_trying(&self, log: &Log, with_room: bool, room_tried: Option<Instant>) {
        if self.is_trying.swap(true, Ordering::SeqCst) {
            return;
        }
        let trying = Trying(self.is_trying.clone());
        let (log, latest) = (log.clone(), self.latest.clone());
        let with_room = with_room || room_tried.is_none_or(|at| at.elapsed() > ROOM_EVERY);
        tokio::spawn(async move {
            let begun = Instant::now();
            let outcome = rehearse(&*log.database, log.writer.clocks(), with_room).await;
            if with_room && outcome.is_ok() {
                log.writer.forget_failure();
            }
            drop(trying);
            latest.send_replace(Some(CommitProbe {
                begun,
                ended: Instant::now(),
                with_room,
                room_tried: if with_room { Some(begun) } else { room_tried },
                outcome,
            }));
        });
    }
}

/// Whoever is finding out, until they are done or have died.
struct Trying(Arc<AtomicBool>);

impl Drop for Trying {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}
