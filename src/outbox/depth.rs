//! How many e-mails wait in the outbox, for how long, and how many were given up.

use chrono::TimeDelta;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::sql::{Query, RowError, RowReader, Value};

use crate::store::{Database, StoreError};

/// E-mails that wait and e-mails that failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    /// E-mails that should leave now. Those written for a later day count from that day on.
    pub pending: i64,
    pub failed: i64,
    /// How long the oldest of the pending ones has waited. `None` when nothing waits.
    pub oldest_age: Option<TimeDelta>,
}

/// The number of e-mails in each state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutboxSummary {
    /// E-mails that will be sent, now or on a later day.
    pub pending: i64,
    /// E-mails that the mail server accepted.
    pub sent: i64,
    /// E-mails that were given up.
    pub failed: i64,
    /// The time since which the oldest e-mail that should leave now has waited. `None` when nothing waits.
    pub oldest_waiting_since: Option<Timestamp>,
}

/// Reads how much waits. It only reads the indexes of pending and failed e-mails, so it is cheap enough to run every
/// few seconds however many were sent.
///
/// # Errors
/// The database failed.
pub async fn depth(database: &dyn Database, now: Timestamp) -> Result<Depth, StoreError> {
    let select = "select (select count(*) from outbox where state = 'pending' and created_at <= $1), \
                  (select count(*) from outbox where state = 'failed'), \
                  (select min(created_at) from outbox where state = 'pending' and created_at <= $1)";
    let mut row = reader(database.rows(Query::new(select, [now.into()])).await?)?;
    let (pending, failed, oldest) = (row.int()?, row.int()?, row.optional_time()?);
    Ok(Depth {
        pending,
        failed,
        oldest_age: oldest.map(|oldest: Timestamp| age(oldest, now)),
    })
}

/// Reads the totals. It counts every e-mail ever sent, so it is for people who look, not for programs that poll.
///
/// # Errors
/// The database failed.
pub async fn totals(database: &dyn Database, now: Timestamp) -> Result<OutboxSummary, StoreError> {
    let select = "select (select count(*) from outbox where state = 'pending'), \
                  (select count(*) from outbox where state = 'sent'), \
                  (select count(*) from outbox where state = 'failed'), \
                  (select min(created_at) from outbox where state = 'pending' and created_at <= $1)";
    let mut row = reader(database.rows(Query::new(select, [now.into()])).await?)?;
    Ok(OutboxSummary {
        pending: row.int()?,
        sent: row.int()?,
        failed: row.int()?,
        oldest_waiting_since: row.optional_time()?,
    })
}

/// How long an e-mail has been waiting.
pub fn age(since: Timestamp, now: Timestamp) -> TimeDelta {
    (now.to_utc() - since.to_utc()).max(TimeDelta::zero())
}

fn reader(rows: Vec<Vec<Value>>) -> Result<RowReader, RowError> {
    Ok(RowReader::new("outbox", rows.into_iter().next().unwrap_or_default()))
}
