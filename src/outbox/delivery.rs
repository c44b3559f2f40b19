//! Sends the e-mails that are due, a few at a time, and schedules another attempt for those that failed.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use futures::FutureExt;
use futures::stream::{self, StreamExt};
use gatebook_aggregates::timestamp::Timestamp;
use tokio::sync::watch;
use uuid::Uuid;

use super::operators::{self, Retry};
use super::queue::{self, AttemptOutcome, ClaimedEmail, Takes};
use super::sealing::decrypt_email;
use crate::clock::Clock;
use crate::mail::{DeliveryFailure, MailError, MailTransport, TransferProgress};
use crate::metrics::{DeliveryOutcome, EmailLabels, Metrics};
use crate::secrets::{Randomness, Sealer};
use crate::store::{Database, StoreError};

/// How often an e-mail is tried before it is given up. These attempts take three days, so that no e-mail is lost when a
/// mail server is down over a weekend.
pub(super) const ATTEMPTS_MAX: i64 = 81;
/// How many e-mails are sent at a time, urgent ones first. Each uses a connection, and mail servers slow down or refuse
/// clients with more.
const PLACES: usize = 6;
/// The wait after the first attempt. It doubles with each further one.
const FIRST_DELAY: TimeDelta = TimeDelta::seconds(10);
const LONGEST_DELAY: TimeDelta = TimeDelta::hours(1);
/// At shutdown, how long to wait for a mail server that does not have the content yet. After that the e-mail is given
/// back, because it was certainly not sent.
const FINISH_COMMANDS: Duration = Duration::from_secs(1);
/// At shutdown, how long to wait for a mail server that has the content to confirm it. After that the result is
/// unknown, and the e-mail will be sent again later.
const FINISH_CONTENT: Duration = Duration::from_secs(10);

/// Sends the e-mails of a database. Several processes may do so, each with its own outbox.
pub struct Outbox {
    database: Arc<dyn Database>,
    pub(super) transport: MailTransport,
    pub(super) sealer: Sealer,
    pub(super) randomness: Randomness,
    pub(super) clock: Clock,
    metrics: Arc<Metrics>,
    pub(super) places: usize,
}

/// An e-mail and the result of sending it.
pub(super) struct DeliveryAttempt {
    email: ClaimedEmail,
    sent: Result<(), MailError>,
}

impl Outbox {
    /// Creates an outbox that sends through `transport` and decrypts with the key of `sealer`.
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
            // Nobody has to draw the same ids again: they only tell copies of an e-mail apart.
            randomness: Randomness::secure(),
            clock,
            metrics,
            places: PLACES,
        }
    }

    /// Makes it send one e-mail at a time, in order.
    #[cfg(test)]
    pub(super) fn one_by_one(self) -> Self {
        Self { places: 1, ..self }
    }

    /// Claims the e-mails that are due (at most 20), tries each once, and returns how many it tried.
    ///
    /// # Errors
    /// The database failed. E-mails in progress are sent again after their leases, with the same Message-ID.
    pub async fn deliver_due(&self) -> Result<usize, StoreError> {
        self.address_due().await?;
        let claimed = queue::claim(self.database(), &self.clock, Takes::All).await?;
        let (_running, shutdown) = watch::channel(false);
        let attempts = claimed.into_iter().map(|email| self.attempt(email, shutdown.clone()));
        let mut tried: Vec<DeliveryAttempt> = stream::iter(attempts).buffer_unordered(self.places).collect().await;
        let count = tried.len();
        self.write_down(&mut tried).await?;
        Ok(count)
    }

    pub async fn retry(&self, id: Uuid) -> Result<Retry, StoreError> {
        operators::retry(self.database(), id, self.clock.now()).await
    }

    pub(super) fn database(&self) -> &dyn Database {
        &*self.database
    }

    /// Tries to send an e-mail. At shutdown it stops as soon as the e-mail is in a safe state.
    pub(super) async fn attempt(&self, email: ClaimedEmail, shutdown: watch::Receiver<bool>) -> DeliveryAttempt {
        let progress = TransferProgress::default();
        let sent = tokio::select! {
            biased;
            sent = self.send(&email, &progress) => sent,
            error = interrupted(shutdown, &progress) => Err(error),
        };
        let (id, kind, attempts) = (&email.id, &email.kind, email.attempts);
        match &sent {
            Ok(()) => tracing::info!(id, kind, attempts, "sent an e-mail"),
            Err(error) if is_final(error, &email) => {
                tracing::error!(id, kind, attempts, %error, "gave up on an e-mail");
            }
            Err(error) => tracing::warn!(id, kind, attempts, %error, "will retry an e-mail"),
        }
        DeliveryAttempt { email, sent }
    }

    async fn send(&self, email: &ClaimedEmail, progress: &TransferProgress) -> Result<(), MailError> {
        survived(async {
            let content = decrypt_email(email, &self.sealer)?;
            // The date of writing, so that a second copy is identical.
            let date = email.created_at.to_utc();
            self.transport.send(&content, &email.id, date, progress).await
        })
        .await
    }

    /// Records the results and clears the list.
    pub(super) async fn write_down(&self, tried: &mut Vec<DeliveryAttempt>) -> Result<(), StoreError> {
        let now = self.clock.now();
        let outcomes: Vec<_> = tried.iter().map(|tried| (&tried.email, tried.outcome(now))).collect();
        let count = outcomes.iter().filter_map(|(_, outcome)| counted_as(outcome));
        let count: Vec<DeliveryOutcome> = count.collect();
        let touched = queue::record(self.database(), outcomes, now).await?;
        if touched < tried.len() as u64 {
            tracing::warn!("another process has already handled an e-mail");
        }
        for outcome in count {
            self.metrics.emails.get_or_create(&EmailLabels { outcome }).inc();
        }
        tried.clear();
        Ok(())
    }
}

impl DeliveryAttempt {
    fn outcome(&self, now: Timestamp) -> AttemptOutcome {
        let error = match &self.sent {
            Ok(()) => return AttemptOutcome::Sent,
            Err(MailError::Interrupted) => return AttemptOutcome::HandedBack,
            Err(error) => error,
        };
        if !is_final(error, &self.email) {
            return AttemptOutcome::Delayed {
                until: now.plus(delay_after(self.email.attempts)),
                error: error.to_string(),
            };
        }
        let failure = match error {
            MailError::Permanent { failure, .. } => *failure,
            _ => DeliveryFailure::GivenUp,
        };
        AttemptOutcome::Failed {
            failure,
            error: error.to_string(),
        }
    }
}

fn is_final(error: &MailError, email: &ClaimedEmail) -> bool {
    error.is_permanent() || email.attempts >= ATTEMPTS_MAX && *error != MailError::Interrupted
}

fn counted_as(outcome: &AttemptOutcome) -> Option<DeliveryOutcome> {
    match outcome {
        AttemptOutcome::Sent => Some(DeliveryOutcome::Sent),
        AttemptOutcome::Delayed { .. } => Some(DeliveryOutcome::Delayed),
        AttemptOutcome::Failed { .. } => Some(DeliveryOutcome::Failed),
        AttemptOutcome::HandedBack => None,
    }
}

/// Returns when an attempt should stop because of the shutdown.
async fn interrupted(mut shutdown: watch::Receiver<bool>, progress: &TransferProgress) -> MailError {
    over(&mut shutdown).await;
    tokio::time::sleep(FINISH_COMMANDS).await;
    if !progress.may_have_arrived() {
        return MailError::Interrupted;
    }
    tokio::time::sleep(FINISH_CONTENT).await;
    MailError::Transient("the program stopped before the mail server confirmed the e-mail".to_owned())
}

/// Runs an attempt. A panic, which is a bug, counts as a failed attempt and does not stop the outbox.
pub(super) async fn survived(attempt: impl Future<Output = Result<(), MailError>>) -> Result<(), MailError> {
    let died = |_| MailError::Transient("sending it failed in an unexpected way".to_owned());
    AssertUnwindSafe(attempt).catch_unwind().await.map_err(died)?
}

/// 10 s, 20 s, 40 s, … up to an hour.
pub(super) fn delay_after(attempts: i64) -> TimeDelta {
    (1..attempts)
        .try_fold(FIRST_DELAY, |delay, _| {
            let doubled = delay + delay;
            (doubled < LONGEST_DELAY).then_some(doubled)
        })
        .unwrap_or(LONGEST_DELAY)
}

pub(super) fn is_over(shutdown: &watch::Receiver<bool>) -> bool {
    *shutdown.borrow() || shutdown.has_changed().is_err()
}

pub(super) async fn over(shutdown: &mut watch::Receiver<bool>) {
    // An error means that the sender was dropped, which counts as shutdown.
    let _ = shutdown.wait_for(|over| *over).await;
}
