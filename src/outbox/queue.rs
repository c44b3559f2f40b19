//! The table `letters` as a queue: taking letters that are due, and writing down what became of them.
//!
//! A letter that is taken stays `pending` and is due again when its lease ends. So a process that dies in the middle
//! needs nobody to tidy up after it, and the letter is sent again rather than never. Its last error is gone meanwhile:
//! only what has an error can be retried by an operator, so that nothing is sent by two at once.

use chrono::TimeDelta;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::sql::{Query, RowError, RowReader, Value};

use crate::clock::Clock;
use crate::mail::SEND_TIMEOUT;
use crate::store::{Database, Purpose, StoreError, Transaction};

/// So long a letter that was taken is nobody else's.
pub(super) const LEASE: TimeDelta = TimeDelta::seconds(60);
/// So many letters are taken at once.
pub(super) const CLAIM_MAX: i64 = 20;

/// A letter that is ours to send until its lease ends.
pub(super) struct ClaimedLetter {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) recipient: String,
    pub(super) sealed: Option<String>,
    pub(super) created_at: Timestamp,
    /// This attempt included.
    pub(super) attempts: i64,
    /// Also tells this claim from a later one.
    pub(super) leased_until: Timestamp,
}

impl ClaimedLetter {
    /// Whether an attempt that begins now ends within the lease.
    pub(super) fn can_be_sent_at(&self, now: Timestamp) -> bool {
        now.plus(longest_attempt()) <= self.leased_until
    }
}

fn longest_attempt() -> TimeDelta {
    TimeDelta::from_std(SEND_TIMEOUT).unwrap_or(LEASE)
}

/// Takes the letters that have been due for longest.
pub(super) async fn claim(database: &dyn Database, clock: &Clock) -> Result<Vec<ClaimedLetter>, StoreError> {
    // Most of the time nothing is due, and finding that out should not hold the write lock.
    let due = "select id from letters where state = 'pending' and next_attempt_at <= $1 limit 1";
    let due = Query::new(due, [clock.now().into()]);
    if database.rows(due).await?.is_empty() {
        return Ok(Vec::new());
    }
    let mut transaction = database.begin(Purpose::Write).await?;
    let claimed = lease(&mut *transaction, clock.now()).await?;
    transaction.commit().await?;
    Ok(claimed)
}

async fn lease(transaction: &mut dyn Transaction, now: Timestamp) -> Result<Vec<ClaimedLetter>, StoreError> {
    let leased_until = now.plus(LEASE);
    let due = format!(
        "select id, kind, recipient, sealed, created_at, attempts from letters \
         where state = 'pending' and next_attempt_at <= $1 order by next_attempt_at, id limit $2{}",
        transaction.dialect().for_update_skip_locked()
    );
    let rows = transaction
        .rows(Query::new(due, [now.into(), CLAIM_MAX.into()]))
        .await?;
    let claimed = rows.into_iter().map(|row| claimed_letter(row, leased_until));
    let claimed: Vec<ClaimedLetter> = claimed.collect::<Result<_, RowError>>()?;
    let ids: Vec<&str> = claimed.iter().map(|letter| letter.id.as_str()).collect();
    let order = format!(
        "update letters set attempts = attempts + 1, next_attempt_at = $1, last_error = null where id in ({})",
        transaction.dialect().list("$2")
    );
    transaction
        .execute(Query::new(order, [leased_until.into(), Value::json(&ids)]))
        .await?;
    Ok(claimed)
}

fn claimed_letter(row: Vec<Value>, leased_until: Timestamp) -> Result<ClaimedLetter, RowError> {
    let mut row = RowReader::new("letters", row);
    Ok(ClaimedLetter {
        id: row.text()?,
        kind: row.text()?,
        recipient: row.text()?,
        sealed: row.optional_text()?,
        created_at: row.time()?,
        attempts: row.int()? + 1,
        leased_until,
    })
}

/// It was sent: what it said is forgotten. True whoever sent it.
pub(super) async fn mark_sent(
    database: &dyn Database,
    letter: &ClaimedLetter,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let order = "update letters set state = 'sent', sent_at = $1, sealed = null, last_error = null \
                 where id = $2 and state <> 'sent'";
    execute(database, order, [now.into(), letter.id.as_str().into()]).await
}

/// It was not sent, and will be tried again at `next_attempt_at`.
pub(super) async fn mark_delayed(
    database: &dyn Database,
    letter: &ClaimedLetter,
    next_attempt_at: Timestamp,
    error: &str,
) -> Result<u64, StoreError> {
    let order = "update letters set next_attempt_at = $1, last_error = $2 \
                 where id = $3 and state = 'pending' and next_attempt_at = $4";
    let args = [
        next_attempt_at.into(),
        error.into(),
        letter.id.as_str().into(),
        letter.leased_until.into(),
    ];
    execute(database, order, args).await
}

/// It was not sent and will not be, unless an operator wants it to. Its content is kept for that.
pub(super) async fn mark_failed(
    database: &dyn Database,
    letter: &ClaimedLetter,
    error: &str,
) -> Result<u64, StoreError> {
    let order = "update letters set state = 'failed', last_error = $1 \
                 where id = $2 and state = 'pending' and next_attempt_at = $3";
    let args = [error.into(), letter.id.as_str().into(), letter.leased_until.into()];
    execute(database, order, args).await
}

/// Gives letters back that were taken and not tried.
pub(super) async fn hand_back(
    database: &dyn Database,
    letters: &[ClaimedLetter],
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut transaction = database.begin(Purpose::Write).await?;
    for letter in letters {
        let order = "update letters set attempts = attempts - 1, next_attempt_at = $1 \
                     where id = $2 and state = 'pending' and next_attempt_at = $3";
        let args = [now.into(), letter.id.as_str().into(), letter.leased_until.into()];
        transaction.execute(Query::new(order, args)).await?;
    }
    transaction.commit().await
}

async fn execute<const N: usize>(database: &dyn Database, order: &str, args: [Value; N]) -> Result<u64, StoreError> {
    let mut transaction = database.begin(Purpose::Write).await?;
    let touched = transaction.execute(Query::new(order, args)).await?;
    transaction.commit().await?;
    Ok(touched)
}
