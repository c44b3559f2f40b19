//! Finds the latest failed e-mail about something, to show to the people concerned.

use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::sql::{Query, RowReader};

use crate::mail::DeliveryFailure;
use crate::store::{Database, StoreError};

/// An e-mail that was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedEmail {
    pub kind: String,
    /// When it was given up. For rows without that time, when it was written.
    pub at: Timestamp,
    /// The reason. `None` for rows that have none.
    pub failure: Option<DeliveryFailure>,
}

/// The latest e-mail about one of these keys that was given up.
///
/// # Errors
/// The database failed.
pub async fn last_failure(database: &dyn Database, about: &[String]) -> Result<Option<FailedEmail>, StoreError> {
    if about.is_empty() {
        return Ok(None);
    }
    // One argument per key, so that the index is used.
    let mut query = Query::new(
        "select kind, coalesce(failed_at, created_at), failure from outbox where state = 'failed' and about in (",
        [],
    );
    let keys: Vec<_> = about.iter().map(|key| query.arg(key.as_str())).collect();
    query.push(&format!(
        "{}) order by created_at desc, id desc limit 1",
        keys.join(", ")
    ));
    let Some(row) = database.rows(query).await?.into_iter().next() else {
        return Ok(None);
    };
    let mut row = RowReader::new("outbox", row);
    Ok(Some(FailedEmail {
        kind: row.text()?,
        at: row.time()?,
        failure: row.optional_text()?.and_then(|word| word.parse().ok()),
    }))
}
