//! Whether a command could be committed now. Answered by trying, at most once a second and only while somebody asks.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::time::timeout;

use crate::log::{Log, rehearse};
use crate::store::StoreError;

/// How long what was found out is said again.
const FRESH: Duration = Duration::from_secs(1);
/// How long an answer may take; a load balancer does not wait for long either.
const PATIENCE: Duration = Duration::from_millis(800);

/// What was found out last, and whether somebody is finding out at the moment.
#[derive(Default)]
pub struct Readiness {
    latest: watch::Sender<Option<Tried>>,
    is_trying: Arc<AtomicBool>,
}

#[derive(Clone)]
struct Tried {
    at: Instant,
    /// Whether it tried as much as a large command writes.
    with_room: bool,
    outcome: Result<(), StoreError>,
}

impl Tried {
    fn is_fresh(&self) -> bool {
        self.at.elapsed() < FRESH
    }
}

impl Readiness {
    /// Nothing when a command could be committed now; never later than in a second.
    ///
    /// # Errors
    /// `Unavailable` with the reason, otherwise.
    pub async fn check(&self, log: &Log) -> Result<(), StoreError> {
        if log.writer.is_gone() {
            return Err(StoreError::Unavailable("the writer has ended".to_owned()));
        }
        log.database.reachable()?;
        let mut latest = self.latest.subscribe();
        // What a command has found out since counts for more.
        let has_failed = log.writer.has_failed();
        let is_fresh = |tried: &Option<Tried>| {
            let holds = |tried: &Tried| tried.is_fresh() && (tried.outcome.is_err() || tried.with_room >= has_failed);
            tried.as_ref().is_some_and(holds)
        };
        if !is_fresh(&latest.borrow()) {
            self.try_unless_trying(log);
        }
        match timeout(PATIENCE, latest.wait_for(is_fresh)).await {
            Ok(Ok(tried)) => tried.as_ref().map_or(Ok(()), |tried| tried.outcome.clone()),
            _ => Err(StoreError::Unavailable("a commit gets no answer".to_owned())),
        }
    }

    /// One try at a time: of a commit that waits for a standby there must not be more and more.
    fn try_unless_trying(&self, log: &Log) {
        if self.is_trying.swap(true, Ordering::SeqCst) {
            return;
        }
        let trying = Trying(self.is_trying.clone());
        let (log, latest) = (log.clone(), self.latest.clone());
        tokio::spawn(async move {
            let with_room = log.writer.has_failed();
            let outcome = rehearse(&*log.database, log.writer.clocks(), with_room).await;
            drop(trying);
            let at = Instant::now();
            latest.send_replace(Some(Tried { at, with_room, outcome }));
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
