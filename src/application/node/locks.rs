//! A lock for each key: commands about the same thing wait for each other within a process, so that they rarely collide at
//! the writer. Between processes the log's versions decide; these only save the work of trying again. Where a key has more
//! places than one, as many may hold its lock at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

/// The locks that somebody holds or waits for, and no others.
pub struct KeyedLocks {
    places: usize,
    locks: Mutex<HashMap<String, Lock>>,
}

type Lock = Arc<Semaphore>;

impl Default for KeyedLocks {
    fn default() -> Self {
        Self::with_places(1)
    }
}

/// A lock that is held until this is dropped.
#[must_use = "the lock is given back when this is dropped"]
pub struct KeyGuard<'a> {
    // Given back before it is looked whether anybody else wants it.
    _held: Result<OwnedSemaphorePermit, AcquireError>,
    _place: QueuedLock<'a>,
}

/// A place in the line for a key's lock.
struct QueuedLock<'a> {
    locks: &'a KeyedLocks,
    key: String,
}

impl KeyedLocks {
    /// Locks that this many callers may hold at once.
    pub fn with_places(places: usize) -> Self {
        Self {
            places,
            locks: Mutex::default(),
        }
    }

    /// Waits for the lock of exactly this key; first come, first served.
    pub async fn lock(&self, key: &str) -> KeyGuard<'_> {
        let new = || Arc::new(Semaphore::new(self.places));
        let lock = self.all().entry(key.to_owned()).or_insert_with(new).clone();
        let place = QueuedLock {
            locks: self,
            key: key.to_owned(),
        };
        KeyGuard {
            // It is never closed.
            _held: lock.acquire_owned().await,
            _place: place,
        }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, Lock>> {
        self.locks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for QueuedLock<'_> {
    /// Whoever stands in line has a clone of the lock, and clones are made where this looks.
    fn drop(&mut self) {
        let mut all = self.locks.all();
        if all.get(&self.key).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            all.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures::poll;

    use super::*;

    fn stored(locks: &KeyedLocks) -> usize {
        locks.all().len()
    }

    #[tokio::test]
    async fn the_same_key_waits_and_no_other_does() {
        let locks = KeyedLocks::default();
        let held = locks.lock("acme").await;
        let mut second = pin!(locks.lock("acme"));
        assert!(poll!(&mut second).is_pending());
        // However many there are: none of them has the lock of another key.
        for number in 0..20_000 {
            // A task that polls very often without a pause is told to wait.
            tokio::task::yield_now().await;
            let key = format!("stranger {number}");
            let mut other = pin!(locks.lock(&key));
            assert!(poll!(&mut other).is_ready(), "{number}");
        }
        drop(held);
        assert!(poll!(&mut second).is_ready());
    }

    #[tokio::test]
    async fn as_many_hold_a_lock_at_once_as_it_has_places() {
        let locks = KeyedLocks::with_places(2);
        let (first, _second) = (locks.lock("acme").await, locks.lock("acme").await);
        let mut third = pin!(locks.lock("acme"));
        assert!(poll!(&mut third).is_pending());
        drop(first);
        assert!(poll!(&mut third).is_ready());
        assert_eq!(stored(&locks), 1);
    }

    #[tokio::test]
    async fn nothing_is_kept_of_keys_that_nobody_wants() {
        let locks = KeyedLocks::default();
        let held = locks.lock("acme").await;
        {
            let mut gone = Box::pin(locks.lock("acme"));
            assert!(poll!(&mut gone).is_pending());
        }
        assert_eq!(stored(&locks), 1, "it is still held");
        drop(held);
        assert_eq!(stored(&locks), 0);
        {
            let held = locks.lock("acme").await;
            let mut gone = Box::pin(locks.lock("acme"));
            assert!(poll!(&mut gone).is_pending());
            drop(held);
            assert_eq!(stored(&locks), 1, "somebody waits for it");
        }
        assert_eq!(stored(&locks), 0);
    }
}
