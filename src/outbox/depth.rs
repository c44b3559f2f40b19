//! How much waits in the outbox, for how long, and how much was given up.

use chrono::TimeDelta;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::sql::{Query, RowError, RowReader, Value};

use crate::store::{Database, StoreError};

/// What waits and what failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    /// E-mails that should leave now. Those that were written for a later day do not count before it.
    pub pending: i64,
    /// E-mails that were given up.
    pub failed: i64,
    /// For how long the oldest of the pending ones has been waiting; none when nothing waits.
    pub oldest_age: Option<TimeDelta>,
}

/// All e-mails there are, by state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutboxSummary {
    /// E-mails that will be sent, also on a later day.
    pub pending: i64,
    /// E-mails that were handed to the mail server.
    pub sent: i64,
    /// E-mails that were given up.
    pub failed: i64,
    /// Since when the oldest one waits that should leave now; none when nothing waits.
    pub oldest_waiting_since: Option<Timestamp>,
}

/// How much waits. Cheap enough to be asked every few seconds: it reads nothing but the indexes of what waits and what
/// failed, however much was sent.
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

/// The totals. They count every e-mail that was ever sent, so they are for people who look, not for programs that poll.
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

/// For how long an e-mail has been waiting.
pub fn age(since: Timestamp, now: Timestamp) -> TimeDelta {
    (now.to_utc() - since.to_utc()).max(TimeDelta::zero())
}

fn reader(rows: Vec<Vec<Value>>) -> Result<RowReader, RowError> {
    Ok(RowReader::new("outbox", rows.into_iter().next().unwrap_or_default()))
}
