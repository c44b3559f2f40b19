//! Sending what is due, one letter after the other, and trying again later what could not be sent.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use futures::FutureExt;
use tokio::sync::{Notify, watch};
use uuid::Uuid;

use super::operators::{self, Retry};
use super::queue::{self, ClaimedLetter};
use super::sealing::open_letter;
use crate::clock::Clock;
use crate::mail::{MailError, MailTransport};
use crate::metrics::{LetterLabels, LetterOutcome, Metrics};
use crate::secrets::Sealer;
use crate::store::{Database, StoreError};

/// After so many attempts, which take three days, a letter is given up: a mail server that is away over a weekend costs
/// nobody their letters.
pub(super) const ATTEMPTS_MAX: i64 = 81;
/// The wait after the first attempt; it doubles after each.
const FIRST_DELAY: TimeDelta = TimeDelta::seconds(10);
/// The longest wait between two attempts.
const LONGEST_DELAY: TimeDelta = TimeDelta::hours(1);
/// How often to look for letters that nobody announced: those of other processes, and those whose wait is over.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The pause after trouble with the database.
const PAUSE_AFTER_TROUBLE: Duration = Duration::from_secs(5);

/// Sends the letters of a database. Several processes may, each with an outbox of its own.
pub struct Outbox {
    database: Arc<dyn Database>,
    transport: MailTransport,
    sealer: Sealer,
    clock: Clock,
    metrics: Arc<Metrics>,
}

impl Outbox {
    /// An outbox that sends by `transport` what was sealed with the key of `sealer`.
    pub fn new(
        database: Arc<dyn Database>,
        transport: MailTransport,
        sealer: Sealer,
        clock: Clock,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            database,
            transport,
            sealer,
            clock,
            metrics,
        }
    }

    /// Delivers until `shutdown` holds true or its sender is gone; finishes the letter at hand then and gives back the
    /// rest. Ring `wake` (`notify_one`) when letters were written; others are found within a second.
    pub async fn run(self: Arc<Self>, mut shutdown: watch::Receiver<bool>, wake: Arc<Notify>) {
        while !is_over(&shutdown) {
            let pause = match self.deliver_unless(|| is_over(&shutdown)).await {
                Ok(1..) => continue,
                Ok(0) => tokio::time::timeout(LOOK_EVERY, wake.notified()),
                Err(error) => {
                    tracing::error!(%error, "letters wait because of the database");
                    tokio::select! {
                        () = over(&mut shutdown) => return,
                        () = tokio::time::sleep(PAUSE_AFTER_TROUBLE) => continue,
                    }
                }
            };
            tokio::select! {
                () = over(&mut shutdown) => return,
                _ = pause => {}
            }
        }
    }

    /// Takes the letters that are due (at most 20) and tries to send each once; says how many it tried.
    ///
    /// # Errors
    /// The database failed. A letter that was being sent is sent again when its lease is over, with the same
    /// Message-ID.
    pub async fn deliver_due(&self) -> Result<usize, StoreError> {
        self.deliver_unless(|| false).await
    }

    /// See [`operators::retry`].
    pub async fn retry(&self, id: Uuid) -> Result<Retry, StoreError> {
        operators::retry(&*self.database, id, self.clock.now()).await
    }

    async fn deliver_unless(&self, stop: impl Fn() -> bool) -> Result<usize, StoreError> {
        let claimed = queue::claim(&*self.database, &self.clock).await?;
        for (tried, letter) in claimed.iter().enumerate() {
            let now = self.clock.now();
            if stop() || !letter.can_be_sent_at(now) {
                queue::hand_back(&*self.database, &claimed[tried..], now).await?;
                return Ok(tried);
            }
            self.deliver(letter).await?;
        }
        Ok(claimed.len())
    }

    async fn deliver(&self, letter: &ClaimedLetter) -> Result<(), StoreError> {
        let outcome = self.send(letter).await;
        let (database, now) = (&*self.database, self.clock.now());
        let (id, kind, attempts) = (&letter.id, &letter.kind, letter.attempts);
        let (outcome, touched) = match outcome {
            Ok(()) => {
                tracing::info!(id, kind, attempts, "a letter was sent");
                let touched = queue::mark_sent(database, letter, now).await?;
                (LetterOutcome::Sent, touched)
            }
            Err(error) if error.is_permanent() || attempts >= ATTEMPTS_MAX => {
                tracing::error!(id, kind, attempts, %error, "a letter was given up");
                let touched = queue::mark_failed(database, letter, &error.to_string()).await?;
                (LetterOutcome::Failed, touched)
            }
            Err(error) => {
                tracing::warn!(id, kind, attempts, %error, "a letter will be tried again");
                let next = now.plus(delay_after(attempts));
                let error = error.to_string();
                let touched = queue::mark_delayed(database, letter, next, &error).await?;
                (LetterOutcome::Delayed, touched)
            }
        };
        if touched == 0 {
            tracing::warn!(id, "somebody else took care of the letter meanwhile");
        }
        self.metrics.letters.get_or_create(&LetterLabels { outcome }).inc();
        Ok(())
    }

    async fn send(&self, letter: &ClaimedLetter) -> Result<(), MailError> {
        survived(async {
            let content = open_letter(letter, &self.sealer)?;
            // The date is the letter's, so that a second copy is the same mail.
            let date = letter.created_at.to_utc();
            self.transport.send(&content, &letter.id, date).await
        })
        .await
    }
}

/// What an attempt came to. One that dies, which is a bug, must not take the outbox and all other letters with it.
pub(super) async fn survived(attempt: impl Future<Output = Result<(), MailError>>) -> Result<(), MailError> {
    let died = |_| MailError::Transient("sending it failed in a way that should not be possible".to_owned());
    AssertUnwindSafe(attempt).catch_unwind().await.map_err(died)?
}

/// 10 s, 20 s, 40 s, … at most an hour.
pub(super) fn delay_after(attempts: i64) -> TimeDelta {
    (1..attempts)
        .try_fold(FIRST_DELAY, |delay, _| {
            let doubled = delay + delay;
            (doubled < LONGEST_DELAY).then_some(doubled)
        })
        .unwrap_or(LONGEST_DELAY)
}

fn is_over(shutdown: &watch::Receiver<bool>) -> bool {
    *shutdown.borrow() || shutdown.has_changed().is_err()
}

async fn over(shutdown: &mut watch::Receiver<bool>) {
    // An error means that the sender is gone, and with it the program.
    let _ = shutdown.wait_for(|over| *over).await;
}
