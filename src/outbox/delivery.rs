//! Sending what is due, a few letters at a time, and trying again later what could not be sent.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use futures::stream::{self, StreamExt};
use futures::{FutureExt, join};
use gatebook_aggregates::timestamp::Timestamp;
use tokio::sync::{Notify, watch};
use uuid::Uuid;

use super::lane::{LOOK_EVERY, Lane};
use super::operators::{self, Retry};
use super::queue::{self, ClaimedLetter, Outcome, Takes};
use super::sealing::open_letter;
use crate::clock::Clock;
use crate::mail::{Failure, MailError, MailTransport, Progress};
use crate::metrics::{LetterLabels, LetterOutcome, Metrics};
use crate::secrets::Sealer;
use crate::store::{Database, StoreError};

/// After so many attempts, which take three days, a letter is given up: a mail server that is away over a weekend costs
/// nobody their letters.
pub(super) const ATTEMPTS_MAX: i64 = 81;
/// How many letters are under way at a time, codes and links to passwords first. Each has a connection to the mail
/// server; more at once is what servers slow down or refuse.
const PLACES: usize = 6;
/// Places beyond these for codes and links to passwords alone: they do not wait for the others, however long those take.
const URGENT_PLACES: usize = 2;
/// The wait after the first attempt; it doubles after each.
const FIRST_DELAY: TimeDelta = TimeDelta::seconds(10);
/// The longest wait between two attempts.
const LONGEST_DELAY: TimeDelta = TimeDelta::hours(1);
/// At the end of the program: how long a mail server may take until it wants the content of a letter under way. The
/// letter is given back then, because it certainly was not sent.
const FINISH_COMMANDS: Duration = Duration::from_secs(1);
/// At the end of the program: how long a mail server that has the content may take to say that it took it. Then nobody
/// knows, and the letter is sent again later.
const FINISH_CONTENT: Duration = Duration::from_secs(10);

/// Sends the letters of a database. Several processes may, each with an outbox of its own.
pub struct Outbox {
    database: Arc<dyn Database>,
    transport: MailTransport,
    sealer: Sealer,
    pub(super) clock: Clock,
    metrics: Arc<Metrics>,
    places: usize,
}

/// A letter that was tried, and what it came to.
pub(super) struct Tried {
    letter: ClaimedLetter,
    sent: Result<(), MailError>,
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
            places: PLACES,
        }
    }

    /// The same outbox, which sends one letter after the other, in order.
    #[cfg(test)]
    pub(super) fn one_by_one(self) -> Self {
        Self { places: 1, ..self }
    }

    /// Delivers until `shutdown` holds true or its sender is gone; finishes the letters under way then, or gives them
    /// back, within eleven seconds. Ring `wake` (`notify_one`) when letters were written; others are found within a
    /// second.
    pub async fn run(self: Arc<Self>, shutdown: watch::Receiver<bool>, wake: Arc<Notify>) {
        let (urgent, all) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let lane = |takes, places| Lane::new(self.clone(), takes, places, shutdown.clone());
        join!(
            lane(Takes::Urgent, URGENT_PLACES).run(urgent.clone()),
            lane(Takes::All, self.places).run(all.clone()),
            self.look_after_connections(shutdown.clone()),
            pass_on(&wake, [&urgent, &all], shutdown.clone()),
        );
        self.transport.close().await;
    }

    /// Takes the letters that are due (at most 20) and tries to send each once; says how many it tried.
    ///
    /// # Errors
    /// The database failed. A letter that was being sent is sent again when its lease is over, with the same
    /// Message-ID.
    pub async fn deliver_due(&self) -> Result<usize, StoreError> {
        let claimed = queue::claim(self.database(), &self.clock, Takes::All).await?;
        let (_running, shutdown) = watch::channel(false);
        let attempts = claimed.into_iter().map(|letter| self.attempt(letter, shutdown.clone()));
        let mut tried: Vec<Tried> = stream::iter(attempts).buffer_unordered(self.places).collect().await;
        let count = tried.len();
        self.write_down(&mut tried).await?;
        Ok(count)
    }

    /// See [`operators::retry`].
    pub async fn retry(&self, id: Uuid) -> Result<Retry, StoreError> {
        operators::retry(self.database(), id, self.clock.now()).await
    }

    pub(super) fn database(&self) -> &dyn Database {
        &*self.database
    }

    /// Tries to send a letter. At the end of the program it takes no longer than is good for the letter.
    pub(super) async fn attempt(&self, letter: ClaimedLetter, shutdown: watch::Receiver<bool>) -> Tried {
        let progress = Progress::default();
        let sent = tokio::select! {
            biased;
            sent = self.send(&letter, &progress) => sent,
            error = interrupted(shutdown, &progress) => Err(error),
        };
        let (id, kind, attempts) = (&letter.id, &letter.kind, letter.attempts);
        match &sent {
            Ok(()) => tracing::info!(id, kind, attempts, "a letter was sent"),
            Err(error) if is_final(error, &letter) => {
                tracing::error!(id, kind, attempts, %error, "a letter was given up");
            }
            Err(error) => tracing::warn!(id, kind, attempts, %error, "a letter will be tried again"),
        }
        Tried { letter, sent }
    }

    async fn send(&self, letter: &ClaimedLetter, progress: &Progress) -> Result<(), MailError> {
        survived(async {
            let content = open_letter(letter, &self.sealer)?;
            // The date is the letter's, so that a second copy is the same mail.
            let date = letter.created_at.to_utc();
            self.transport.send(&content, &letter.id, date, progress).await
        })
        .await
    }

    /// Writes down what became of letters, which are forgotten here then.
    pub(super) async fn write_down(&self, tried: &mut Vec<Tried>) -> Result<(), StoreError> {
        let now = self.clock.now();
        let outcomes: Vec<_> = tried.iter().map(|tried| (&tried.letter, tried.outcome(now))).collect();
        let count = outcomes.iter().filter_map(|(_, outcome)| counted_as(outcome));
        let count: Vec<LetterOutcome> = count.collect();
        let touched = queue::record(self.database(), outcomes, now).await?;
        if touched < tried.len() as u64 {
            tracing::warn!("somebody else took care of a letter meanwhile");
        }
        for outcome in count {
            self.metrics.letters.get_or_create(&LetterLabels { outcome }).inc();
        }
        tried.clear();
        Ok(())
    }

    async fn look_after_connections(&self, mut shutdown: watch::Receiver<bool>) {
        while !is_over(&shutdown) {
            self.transport.close_unused().await;
            tokio::select! {
                () = over(&mut shutdown) => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }
}

impl Tried {
    fn outcome(&self, now: Timestamp) -> Outcome {
        let error = match &self.sent {
            Ok(()) => return Outcome::Sent,
            Err(MailError::Interrupted) => return Outcome::HandedBack,
            Err(error) => error,
        };
        if !is_final(error, &self.letter) {
            return Outcome::Delayed {
                until: now.plus(delay_after(self.letter.attempts)),
                error: error.to_string(),
            };
        }
        let failure = match error {
            MailError::Permanent { failure, .. } => *failure,
            _ => Failure::GivenUp,
        };
        Outcome::Failed {
            failure,
            error: error.to_string(),
        }
    }
}

fn is_final(error: &MailError, letter: &ClaimedLetter) -> bool {
    error.is_permanent() || letter.attempts >= ATTEMPTS_MAX && *error != MailError::Interrupted
}

fn counted_as(outcome: &Outcome) -> Option<LetterOutcome> {
    match outcome {
        Outcome::Sent => Some(LetterOutcome::Sent),
        Outcome::Delayed { .. } => Some(LetterOutcome::Delayed),
        Outcome::Failed { .. } => Some(LetterOutcome::Failed),
        Outcome::HandedBack => None,
    }
}

/// Ends when an attempt should be given up because the program ends.
async fn interrupted(mut shutdown: watch::Receiver<bool>, progress: &Progress) -> MailError {
    over(&mut shutdown).await;
    tokio::time::sleep(FINISH_COMMANDS).await;
    if !progress.may_have_arrived() {
        return MailError::Interrupted;
    }
    tokio::time::sleep(FINISH_CONTENT).await;
    MailError::Transient("the program ended before the mail server said whether it took the mail".to_owned())
}

/// Wakes all lanes when letters were written.
async fn pass_on(wake: &Notify, lanes: [&Notify; 2], mut shutdown: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = over(&mut shutdown) => return,
            () = wake.notified() => lanes.iter().for_each(|lane| lane.notify_one()),
        }
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

pub(super) fn is_over(shutdown: &watch::Receiver<bool>) -> bool {
    *shutdown.borrow() || shutdown.has_changed().is_err()
}

pub(super) async fn over(shutdown: &mut watch::Receiver<bool>) {
    // An error means that the sender is gone, and with it the program.
    let _ = shutdown.wait_for(|over| *over).await;
}
