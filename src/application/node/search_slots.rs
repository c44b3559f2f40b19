//! How many searches may be under way at once in a process, and whose turn it is.
//!
//! A search may have to look at many rows. There are fewer slots than people have connections, so that searches, however
//! many there are, leave connections for everything else and processor time for the gate. Nobody has more than half of the
//! slots, so that one person's many searches do not keep another's waiting.
//!
//! After a search its slot rests for as long as the search took, because an embedded database searches on the same
//! processor that the gate needs: a flood of searches takes half the time that the slots could. Who searches alone does
//! not notice, since another slot is free meanwhile.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tracing::Instrument;

use crate::application::failure::Failure;

/// Searches under way at once. People have at least twice as many connections.
pub(in crate::application) const SEARCHES_AT_ONCE: usize = 2;
/// Searches of one principal under way at once.
const SEARCHES_AT_ONCE_EACH: usize = SEARCHES_AT_ONCE / 2;
/// How long a search waits for its turn before it is refused.
const WAIT_MAX: Duration = Duration::from_secs(20);
/// When a search that was refused may be tried again, in seconds.
const RETRY_AFTER: u64 = 5;

/// The slots that searches take.
pub(in crate::application) struct SearchSlots {
    all: Arc<Semaphore>,
    by_principal: Mutex<HashMap<String, Weak<Semaphore>>>,
    wait_max: Duration,
}

/// A slot that was taken, until it is dropped.
struct Slot {
    of_all: OwnedSemaphorePermit,
    of_principal: OwnedSemaphorePermit,
}

impl Slot {
    /// Lets the same principal search again at once, and gives the slot to others after its rest.
    fn rest(self, time: Duration) {
        drop(self.of_principal);
        let of_all = self.of_all;
        tokio::spawn(async move {
            sleep(time).await;
            drop(of_all);
        });
    }
}

impl Default for SearchSlots {
    fn default() -> Self {
        Self {
            all: Arc::new(Semaphore::new(SEARCHES_AT_ONCE)),
            by_principal: Mutex::default(),
            wait_max: WAIT_MAX,
        }
    }
}

impl SearchSlots {
    /// Carries out a search of this principal when it is its turn: first come, first served, except that a principal's own
    /// searches take turns.
    ///
    /// The search goes on when nobody waits for it any more, as the database does with it, and gives its slot back at its
    /// end: hanging up does not make room for more searches than there are slots.
    ///
    /// # Errors
    /// `TooManySearches` when there was no turn for very long.
    pub(in crate::application) async fn run<T: Send + 'static>(
        &self,
        principal: String,
        search: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Failure> {
        let slot = timeout(self.wait_max, self.slot(principal)).await;
        let slot = slot.map_err(|_| Failure::TooManySearches {
            retry_after_seconds: RETRY_AFTER,
        })??;
        let search = async move {
            let started = Instant::now();
            let found = search.await;
            slot.rest(started.elapsed());
            found
        };
        let search = tokio::spawn(search.in_current_span()).await;
        search.map_err(Failure::internal)
    }

    /// Only the first of a principal's searches stand in the common line, which is first come, first served.
    async fn slot(&self, principal: String) -> Result<Slot, Failure> {
        let closed = |_| Failure::internal("the search slots are closed");
        let of_principal = self.of_principal(principal).acquire_owned().await.map_err(closed)?;
        let of_all = self.all.clone().acquire_owned().await.map_err(closed)?;
        Ok(Slot { of_all, of_principal })
    }

    fn of_principal(&self, principal: String) -> Arc<Semaphore> {
        let mut by_principal = self.by_principal.lock().unwrap_or_else(PoisonError::into_inner);
        by_principal.retain(|_, slots| slots.strong_count() > 0);
        let slots = by_principal.get(&principal).and_then(Weak::upgrade);
        slots.unwrap_or_else(|| {
            let slots = Arc::new(Semaphore::new(SEARCHES_AT_ONCE_EACH));
            by_principal.insert(principal, Arc::downgrade(&slots));
            slots
        })
    }
}

#[cfg(test)]
mod tests {
    use futures::future::{join_all, pending};
    use futures::poll;
    use tokio::sync::oneshot;

    use super::*;

    /// A search that is under way until it is told to end.
    fn search() -> (oneshot::Sender<()>, impl Future<Output = ()> + Send) {
        let (end, ended) = oneshot::channel();
        let search = async move {
            let _ = ended.await;
        };
        (end, search)
    }

    /// Lets everything that can go on go on.
    async fn settle() {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn one_principal_leaves_a_slot_to_another_however_many_searches_they_have() {
        let slots = SearchSlots::default();
        let mut many = Box::pin(join_all((0..30).map(|_| slots.run("ada".to_owned(), pending::<()>()))));
        assert!(poll!(&mut many).is_pending());
        settle().await;
        assert!(poll!(&mut many).is_pending());
        assert!(slots.run("ben".to_owned(), async {}).await.is_ok());
    }

    #[tokio::test]
    async fn there_are_never_more_searches_under_way_than_slots() {
        let slots = SearchSlots::default();
        let mut ends = Vec::new();
        let mut running = Vec::new();
        for n in 0..SEARCHES_AT_ONCE {
            let (end, search) = search();
            ends.push(end);
            let mut run = Box::pin(slots.run(format!("principal {n}"), search));
            assert!(poll!(&mut run).is_pending());
            running.push(run);
        }
        let mut waits = Box::pin(slots.run("one more".to_owned(), async {}));
        assert!(poll!(&mut waits).is_pending());
        settle().await;
        assert!(poll!(&mut waits).is_pending());
        ends.pop().unwrap().send(()).unwrap();
        assert!(waits.await.is_ok());
    }

    #[tokio::test]
    async fn a_slot_rests_after_a_search_for_as_long_as_the_search_took() {
        const TOOK: Duration = Duration::from_millis(40);
        let slots = SearchSlots::default();
        let started = Instant::now();
        let searches = (0..SEARCHES_AT_ONCE).map(|n| slots.run(format!("principal {n}"), sleep(TOOK)));
        assert!(join_all(searches).await.iter().all(Result::is_ok));
        assert!(slots.run("one more".to_owned(), async {}).await.is_ok());
        assert!(started.elapsed() >= 2 * TOOK);
    }

    #[tokio::test]
    async fn who_hangs_up_gives_the_slot_back_only_when_the_search_has_ended() {
        let slots = SearchSlots::default();
        let (end, search) = search();
        let mut run = Box::pin(slots.run("ada".to_owned(), search));
        assert!(poll!(&mut run).is_pending());
        drop(run);
        let mut next = Box::pin(slots.run("ada".to_owned(), async {}));
        assert!(poll!(&mut next).is_pending());
        settle().await;
        assert!(poll!(&mut next).is_pending());
        end.send(()).unwrap();
        assert!(next.await.is_ok());
    }

    #[tokio::test]
    async fn who_waits_too_long_is_told_when_to_try_again() {
        let slots = SearchSlots {
            wait_max: Duration::ZERO,
            ..SearchSlots::default()
        };
        let mut first = Box::pin(slots.run("ada".to_owned(), pending::<()>()));
        assert!(poll!(&mut first).is_pending());
        let refused = slots.run("ada".to_owned(), async {}).await;
        assert!(matches!(
            refused,
            Err(Failure::TooManySearches {
                retry_after_seconds: RETRY_AFTER
            })
        ));
    }

    #[tokio::test]
    async fn who_has_no_search_is_forgotten() {
        let slots = SearchSlots::default();
        for n in 0..100 {
            assert!(slots.run(format!("principal {n}"), async {}).await.is_ok());
        }
        assert!(slots.by_principal.lock().unwrap().len() <= 1);
    }
}
