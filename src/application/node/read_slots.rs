//! How many lists, searches and downloads of one principal are answered at once.
//!
//! Each takes a connection and time of the database, a download for as long as its reader likes. Two of everybody suffice for
//! people; a program that asks for more at once waits for a moment and is told to come back.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tracing::Instrument;

use crate::application::failure::Failure;

/// Lists, searches and downloads of one principal under way at once.
const READS_AT_ONCE_EACH: usize = 2;
/// How long another one waits for a slot before it is refused: several tabs that are opened at once are no reason to refuse.
const WAIT_MAX: Duration = Duration::from_secs(1);
/// When one that was refused may be tried again, in seconds.
const RETRY_AFTER: u64 = 1;

/// The slots of all principals.
pub(in crate::application) struct ReadSlots {
    by_principal: Mutex<HashMap<String, Weak<Semaphore>>>,
    wait_max: Duration,
}

/// A slot that was taken, until it is dropped.
pub struct ReadSlot {
    _permit: OwnedSemaphorePermit,
}

impl Default for ReadSlots {
    fn default() -> Self {
        Self {
            by_principal: Mutex::default(),
            wait_max: WAIT_MAX,
        }
    }
}

impl ReadSlots {
    /// Takes a slot of this principal.
    ///
    /// # Errors
    /// `TooManyReads` when there is none.
    pub(in crate::application) async fn take(&self, principal: String) -> Result<ReadSlot, Failure> {
        let slots = self.of_principal(principal);
        match timeout(self.wait_max, slots.acquire_owned()).await {
            Ok(Ok(permit)) => Ok(ReadSlot { _permit: permit }),
            Ok(Err(closed)) => Err(Failure::internal(closed)),
            Err(_) => Err(Failure::TooManyReads {
                retry_after_seconds: RETRY_AFTER,
            }),
        }
    }

    /// Reads with a slot of this principal. It goes on when nobody waits for it any more, as the database does with it, and
    /// gives the slot back at its end: hanging up makes no room for more.
    ///
    /// # Errors
    /// As for [`ReadSlots::take`].
    pub(in crate::application) async fn run<T: Send + 'static>(
        &self,
        principal: String,
        reading: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Failure> {
        let slot = self.take(principal).await?;
        let reading = async move {
            let read = reading.await;
            drop(slot);
            read
        };
        let reading = tokio::spawn(reading.in_current_span()).await;
        reading.map_err(Failure::internal)
    }

    fn of_principal(&self, principal: String) -> Arc<Semaphore> {
        let mut by_principal = self.by_principal.lock().unwrap_or_else(PoisonError::into_inner);
        by_principal.retain(|_, slots| slots.strong_count() > 0);
        let slots = by_principal.get(&principal).and_then(Weak::upgrade);
        slots.unwrap_or_else(|| {
            let slots = Arc::new(Semaphore::new(READS_AT_ONCE_EACH));
            by_principal.insert(principal, Arc::downgrade(&slots));
            slots
        })
    }
}

#[cfg(test)]
mod tests {
    use futures::poll;
    use tokio::sync::oneshot;

    use super::*;

    fn impatient() -> ReadSlots {
        ReadSlots {
            wait_max: Duration::ZERO,
            ..ReadSlots::default()
        }
    }

    async fn take(slots: &ReadSlots, principal: &str) -> Result<ReadSlot, Failure> {
        slots.take(principal.to_owned()).await
    }

    #[tokio::test]
    async fn a_third_is_told_to_come_back_until_one_of_two_ends() {
        let slots = impatient();
        let one = take(&slots, "ada").await.unwrap();
        let _two = take(&slots, "ada").await.unwrap();
        let refused = take(&slots, "ada").await;
        assert!(matches!(
            refused,
            Err(Failure::TooManyReads {
                retry_after_seconds: RETRY_AFTER
            })
        ));
        assert!(take(&slots, "ben").await.is_ok(), "somebody else");
        drop(one);
        assert!(take(&slots, "ada").await.is_ok());
    }

    #[tokio::test]
    async fn one_that_ends_soon_is_waited_for() {
        let slots = ReadSlots::default();
        let one = take(&slots, "ada").await.unwrap();
        let _two = take(&slots, "ada").await.unwrap();
        let mut three = Box::pin(take(&slots, "ada"));
        assert!(poll!(&mut three).is_pending());
        drop(one);
        assert!(three.await.is_ok());
    }

    #[tokio::test]
    async fn who_hangs_up_gives_the_slot_back_only_when_the_reading_has_ended() {
        let slots = impatient();
        let _one = take(&slots, "ada").await.unwrap();
        let (end, ended) = oneshot::channel::<()>();
        let mut reading = Box::pin(slots.run("ada".to_owned(), async {
            let _ = ended.await;
        }));
        assert!(poll!(&mut reading).is_pending());
        drop(reading);
        assert!(take(&slots, "ada").await.is_err());
        end.send(()).unwrap();
        while take(&slots, "ada").await.is_err() {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn who_reads_nothing_is_forgotten() {
        let slots = impatient();
        for n in 0..100 {
            assert!(take(&slots, &format!("principal {n}")).await.is_ok());
        }
        assert!(slots.by_principal.lock().unwrap().len() <= 1);
    }
}
