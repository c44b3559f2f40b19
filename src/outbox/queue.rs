//! The table `outbox` as a queue: claims e-mails that are due, and records the result of each attempt.
//!
//! A claimed e-mail stays `pending` and becomes due again when its lease ends. If a process crashes, nobody has to
//! clean up, and the e-mail is sent again rather than never. A claim clears the last error: operators can only retry
//! e-mails that have one, so two processes never send the same e-mail at once.

use chrono::TimeDelta;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::sql::{Query, RowError, RowReader, Value};

use crate::clock::Clock;
use crate::log::ClockGuard;
use crate::log::append::Priority;
use crate::mail::{DeliveryFailure, SEND_TIMEOUT};
use crate::store::{ConnectionPurpose, Database, StoreError, Transaction};

/// How long a claimed e-mail belongs to its process alone. Longer than an attempt can take ([`SEND_TIMEOUT`]).
pub(super) const LEASE: TimeDelta = TimeDelta::seconds(60);
/// How many e-mails are claimed at once.
pub(super) const CLAIM_MAX: usize = 20;

/// An e-mail that only this process may send until the lease ends.
pub(super) struct ClaimedEmail {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) recipient: String,
    pub(super) sealed: Option<String>,
    pub(super) created_at: Timestamp,
    /// Includes this attempt.
    pub(super) attempts: i64,
    /// Also distinguishes this claim from a later one.
    pub(super) leased_until: Timestamp,
}

impl ClaimedEmail {
    /// Whether an attempt that starts now will end within the lease.
    pub(super) fn can_be_sent_at(&self, now: Timestamp) -> bool {
        now.plus(longest_attempt()) <= self.leased_until
    }
}

fn longest_attempt() -> TimeDelta {
    TimeDelta::from_std(SEND_TIMEOUT).unwrap_or(LEASE)
}

/// Which e-mails a lane claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    /// Only those that somebody is waiting for at a screen.
    Urgent,
    /// All, urgent ones first.
    All,
}

impl Takes {
    fn priorities(self) -> &'static [Priority] {
        match self {
            Self::Urgent => &[Priority::Urgent],
            Self::All => &[Priority::Urgent, Priority::Normal],
        }
    }
}

/// Claims e-mails that are due: urgent ones first, then those that have been due longest.
pub(super) async fn claim(
    database: &dyn Database,
    clock: &Clock,
    takes: Takes,
) -> Result<Vec<ClaimedEmail>, StoreError> {
    // Usually nothing is due. This check avoids taking the write lock then.
    if !is_any_due(database, clock.now(), takes).await? {
        return Ok(Vec::new());
    }
    // With a wrong clock, other processes' leases would seem to have ended and later e-mails to be due.
    ClockGuard::new(clock).look(database).await?;
    let mut transaction = database.begin(ConnectionPurpose::Write).await?;
    let claimed = lease(&mut *transaction, clock.now(), takes).await?;
    transaction.commit().await?;
    Ok(claimed)
}

async fn is_any_due(database: &dyn Database, now: Timestamp, takes: Takes) -> Result<bool, StoreError> {
    // One subquery for each priority, so that the index answers each with its first row.
    let due = |priority: &Priority| {
        let priority = *priority as i64;
        format!(
            "exists (select id from outbox where state = 'pending' and priority = {priority} \
             and next_attempt_at <= $1 and audience is null)"
        )
    };
    let due: Vec<_> = takes.priorities().iter().map(due).collect();
    let select = format!("select 'due' where {}", due.join(" or "));
    Ok(!database.rows(Query::new(select, [now.into()])).await?.is_empty())
}

async fn lease(
    transaction: &mut dyn Transaction,
    now: Timestamp,
    takes: Takes,
) -> Result<Vec<ClaimedEmail>, StoreError> {
    let leased_until = now.plus(LEASE);
    let mut claimed = Vec::new();
    for priority in takes.priorities() {
        claimed.extend(due(transaction, now, *priority, CLAIM_MAX - claimed.len()).await?);
    }
    let claimed = claimed.into_iter().map(|row| claimed_email(row, leased_until));
    let claimed: Vec<ClaimedEmail> = claimed.collect::<Result<_, RowError>>()?;
    let ids: Vec<&str> = claimed.iter().map(|email| email.id.as_str()).collect();
    let order = format!(
        "update outbox set attempts = attempts + 1, next_attempt_at = $1, last_error = null where id in ({})",
        transaction.dialect().list("$2")
    );
    transaction
        .execute(Query::new(order, [leased_until.into(), Value::json(&ids)]))
        .await?;
    Ok(claimed)
}

async fn due(
    transaction: &mut dyn Transaction,
    now: Timestamp,
    priority: Priority,
    at_most: usize,
) -> Result<Vec<Vec<Value>>, StoreError> {
    let select = format!(
        "select id, kind, recipient, sealed, created_at, attempts from outbox \
         where state = 'pending' and priority = $1 and next_attempt_at <= $2 and audience is null order by next_attempt_at, id limit $3{}",
        transaction.dialect().for_update_skip_locked()
    );
    let limit = i64::try_from(at_most).unwrap_or(0);
    let args = [(priority as i64).into(), now.into(), limit.into()];
    transaction.rows(Query::new(select, args)).await
}

fn claimed_email(row: Vec<Value>, leased_until: Timestamp) -> Result<ClaimedEmail, RowError> {
    let mut row = RowReader::new("outbox", row);
    Ok(ClaimedEmail {
        id: row.text()?,
        kind: row.text()?,
        recipient: row.text()?,
        sealed: row.optional_text()?,
        created_at: row.time()?,
        attempts: row.int()? + 1,
        leased_until,
    })
}

/// The result of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum AttemptOutcome {
    /// It was sent, and its content is deleted. Recorded even if the lease has ended meanwhile.
    Sent,
    /// It was not sent and will be tried again.
    Delayed {
        until: Timestamp,
        /// Why it was not sent.
        error: String,
    },
    /// It will not be tried again unless an operator asks for it. The content is kept for that.
    Failed {
        /// The reason, for the group's admins.
        failure: DeliveryFailure,
        /// The reason, for operators.
        error: String,
    },
    /// It was not tried, and is due again at once.
    HandedBack,
}

/// Records all results in one transaction: on a slow disk, one commit per e-mail would take longer than sending.
/// Returns how many e-mails were updated: those still leased to us, and those sent.
pub(super) async fn record(
    database: &dyn Database,
    mut tried: Vec<(&ClaimedEmail, AttemptOutcome)>,
    now: Timestamp,
) -> Result<u64, StoreError> {
    if tried.is_empty() {
        return Ok(0);
    }
    // All processes lock e-mails in the order of their ids, so that they cannot deadlock.
    tried.sort_by(|(one, _), (other, _)| one.id.cmp(&other.id));
    let mut transaction = database.begin(ConnectionPurpose::Write).await?;
    lock(&mut *transaction, &tried).await?;
    let sent = tried.iter().filter(|(_, outcome)| *outcome == AttemptOutcome::Sent);
    let sent: Vec<&str> = sent.map(|(email, _)| email.id.as_str()).collect();
    let mut touched = mark_sent(&mut *transaction, &sent, now).await?;
    for (email, outcome) in &tried {
        if let Some(order) = order(email, outcome, now) {
            touched += transaction.execute(order).await?;
        }
    }
    transaction.commit().await?;
    Ok(touched)
}

async fn lock(transaction: &mut dyn Transaction, tried: &[(&ClaimedEmail, AttemptOutcome)]) -> Result<(), StoreError> {
    let ids: Vec<&str> = tried.iter().map(|(email, _)| email.id.as_str()).collect();
    let select = format!(
        "select id from outbox where id in ({}) order by id{}",
        transaction.dialect().list("$1"),
        transaction.dialect().for_update()
    );
    transaction
        .rows(Query::new(select, [Value::json(&ids)]))
        .await
        .map(drop)
}

async fn mark_sent(transaction: &mut dyn Transaction, ids: &[&str], now: Timestamp) -> Result<u64, StoreError> {
    if ids.is_empty() {
        return Ok(0);
    }
    let order = format!(
        "update outbox set state = 'sent', sent_at = $1, sealed = null, last_error = null, failure = null, \
         failed_at = null where id in ({}) and state <> 'sent'",
        transaction.dialect().list("$2")
    );
    transaction
        .execute(Query::new(order, [now.into(), Value::json(&ids)]))
        .await
}

/// The update for one e-mail. It applies only while this claim holds.
fn order(email: &ClaimedEmail, outcome: &AttemptOutcome, now: Timestamp) -> Option<Query> {
    let (id, ours) = (email.id.as_str(), email.leased_until);
    match outcome {
        AttemptOutcome::Sent => None,
        AttemptOutcome::Delayed { until, error } => Some(Query::new(
            "update outbox set next_attempt_at = $1, last_error = $2 \
             where id = $3 and state = 'pending' and next_attempt_at = $4",
            [(*until).into(), error.as_str().into(), id.into(), ours.into()],
        )),
        AttemptOutcome::Failed { failure, error } => Some(Query::new(
            "update outbox set state = 'failed', last_error = $1, failure = $2, failed_at = $3 \
             where id = $4 and state = 'pending' and next_attempt_at = $5",
            [
                error.as_str().into(),
                <&str>::from(*failure).into(),
                now.into(),
                id.into(),
                ours.into(),
            ],
        )),
        AttemptOutcome::HandedBack => Some(Query::new(
            "update outbox set attempts = attempts - 1, next_attempt_at = $1 \
             where id = $2 and state = 'pending' and next_attempt_at = $3",
            [now.into(), id.into(), ours.into()],
        )),
    }
}

/// Gives back e-mails that were claimed but not tried.
pub(super) async fn hand_back<'a>(
    database: &dyn Database,
    emails: impl IntoIterator<Item = &'a ClaimedEmail>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let emails = emails.into_iter().map(|email| (email, AttemptOutcome::HandedBack));
    record(database, emails.collect(), now).await.map(drop)
}
