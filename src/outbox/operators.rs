//! What operators see of the outbox, and how they retry an e-mail. The content is never shown.

use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::sql::{Query, RowError, RowReader, Value};
use gatebook_projections::stored_as_text;
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use uuid::Uuid;

use crate::store::{ConnectionPurpose, Database, StoreError};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum EmailState {
    /// It will be sent.
    Pending,
    /// The mail server accepted it.
    Sent,
    /// It was given up.
    Failed,
}

stored_as_text!(EmailState);

/// An e-mail without its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EmailRow {
    /// Also the left part of the Message-ID.
    pub id: String,
    pub kind: String,
    pub recipient: String,
    pub state: EmailState,
    /// How often it was tried since it was written or last retried.
    pub attempts: i64,
    /// When it is tried next. Only while pending.
    pub next_attempt_at: Option<Timestamp>,
    /// Why the last attempt failed. `None` while it is being sent.
    pub last_error: Option<String>,
    pub created_at: Timestamp,
    pub sent_at: Option<Timestamp>,
}

impl EmailRow {
    /// Whether it may be retried: its last attempt failed.
    pub fn can_be_retried(&self) -> bool {
        self.last_error.is_some() && self.state != EmailState::Sent
    }

    fn is_due(&self, now: Timestamp) -> bool {
        self.next_attempt_at.is_some_and(|at| at <= now)
    }
}

const SELECT_EMAILS: &str = "select id, kind, recipient, state, attempts, next_attempt_at, last_error, created_at, \
     sent_at from outbox";

/// The last e-mail of a page of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedAfter {
    pub created_at: Timestamp,
    pub id: String,
}

impl ListedAfter {
    /// Whether such an e-mail can exist: ids are UUIDs.
    pub fn can_be(&self) -> bool {
        Uuid::parse_str(&self.id).is_ok()
    }
}

impl From<&EmailRow> for ListedAfter {
    fn from(email: &EmailRow) -> Self {
        Self {
            created_at: email.created_at,
            id: email.id.clone(),
        }
    }
}

/// Lists e-mails in one state or in all, newest first.
pub async fn list(database: &dyn Database, state: Option<EmailState>, limit: u32) -> Result<Vec<EmailRow>, StoreError> {
    list_after(database, state, None, limit).await
}

/// One page of that list, after the last e-mail of the previous page. Also returns the last e-mail of this page, unless
/// there are no more.
pub async fn list_page(
    database: &dyn Database,
    state: Option<EmailState>,
    after: Option<&ListedAfter>,
    limit: u32,
) -> Result<(Vec<EmailRow>, Option<ListedAfter>), StoreError> {
    let mut emails = list_after(database, state, after, limit + 1).await?;
    let more = emails.len() > limit as usize;
    emails.truncate(limit as usize);
    let next = emails.last().filter(|_| more).map(ListedAfter::from);
    Ok((emails, next))
}

async fn list_after(
    database: &dyn Database,
    state: Option<EmailState>,
    after: Option<&ListedAfter>,
    limit: u32,
) -> Result<Vec<EmailRow>, StoreError> {
    let mut query = Query::new(SELECT_EMAILS, []);
    query.push(" where 1 = 1");
    if let Some(state) = state {
        let state = query.arg(<&str>::from(state));
        query.push(&format!(" and state = {state}"));
    }
    if let Some(ListedAfter { created_at, id }) = after {
        let (created_at, id) = (query.arg(*created_at), query.arg(id.as_str()));
        query.push(&format!(" and (created_at, id) < ({created_at}, {id})"));
    }
    let limit = query.arg(i64::from(limit));
    query.push(&format!(" order by created_at desc, id desc limit {limit}"));
    Ok(rows(database.rows(query).await?)?)
}

/// The result of a request to retry an e-mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Retry {
    /// It will be sent at the next opportunity, with a full set of attempts.
    Due(EmailRow),
    /// Unchanged, because its last attempt did not fail: it was sent, is being sent, or is not due yet.
    NotFailed(EmailRow),
    /// There is no such e-mail.
    Unknown,
}

/// Makes an e-mail due now if its last attempt failed, whether it was given up or waits for the next attempt.
pub async fn retry(database: &dyn Database, id: Uuid, now: Timestamp) -> Result<Retry, StoreError> {
    let mut transaction = database.begin(ConnectionPurpose::Write).await?;
    let order = "update outbox set state = 'pending', attempts = 0, next_attempt_at = $1, last_error = null, \
                 failure = null, failed_at = null \
                 where id = $2 and last_error is not null and state <> 'sent'";
    let touched = transaction.execute(Query::new(order, [now.into(), id.into()])).await?;
    let query = Query::new(format!("{SELECT_EMAILS} where id = $1"), [id.into()]);
    let found = rows(transaction.rows(query).await?)?;
    transaction.commit().await?;
    Ok(match found.into_iter().next() {
        // A repeated request, such as a second click, succeeds too.
        Some(email) if touched > 0 || email.is_due(now) => Retry::Due(email),
        Some(email) => Retry::NotFailed(email),
        None => Retry::Unknown,
    })
}

/// Makes all e-mails that were given up due now, and returns their number.
pub async fn retry_failed(database: &dyn Database, now: Timestamp) -> Result<u64, StoreError> {
    let mut transaction = database.begin(ConnectionPurpose::Write).await?;
    let order = "update outbox set state = 'pending', attempts = 0, next_attempt_at = $1, last_error = null, \
                 failure = null, failed_at = null \
                 where state = 'failed'";
    let touched = transaction.execute(Query::new(order, [now.into()])).await?;
    transaction.commit().await?;
    Ok(touched)
}

fn rows(rows: Vec<Vec<Value>>) -> Result<Vec<EmailRow>, RowError> {
    rows.into_iter().map(email_row).collect()
}

fn email_row(row: Vec<Value>) -> Result<EmailRow, RowError> {
    let mut row = RowReader::new("outbox", row);
    let (id, kind, recipient) = (row.text()?, row.text()?, row.text()?);
    let state: EmailState = row.value()?;
    let (attempts, next_attempt_at) = (row.int()?, row.time()?);
    Ok(EmailRow {
        id,
        kind,
        recipient,
        state,
        attempts,
        next_attempt_at: (state == EmailState::Pending).then_some(next_attempt_at),
        last_error: row.optional_text()?,
        created_at: row.time()?,
        sent_at: row.optional_time()?,
    })
}
