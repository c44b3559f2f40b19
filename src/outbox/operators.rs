//! What operators see of the outbox, and what they can do about a letter that is stuck. Never what a letter says.

use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::sql::{Query, RowError, RowReader, Value};
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use uuid::Uuid;

use crate::store::{ConnectionPurpose, Database, StoreError};

/// What has become of an e-mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum EmailState {
    /// It will be sent.
    Pending,
    /// It was handed to the mail server.
    Sent,
    /// It was given up.
    Failed,
}

/// An e-mail without what it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EmailRow {
    /// Its id, and the left part of its Message-ID.
    pub id: String,
    /// What kind of letter.
    pub kind: String,
    /// To whom.
    pub recipient: String,
    /// What has become of it.
    pub state: EmailState,
    /// How often it was tried since it was written or last retried.
    pub attempts: i64,
    /// When it is tried next; only while it is pending.
    pub next_attempt_at: Option<Timestamp>,
    /// Why it was not sent at the last attempt; none while it is being sent.
    pub last_error: Option<String>,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was sent.
    pub sent_at: Option<Timestamp>,
}

impl EmailRow {
    /// Whether it can be tried again: its last attempt failed.
    pub fn can_be_retried(&self) -> bool {
        self.last_error.is_some() && self.state != EmailState::Sent
    }

    fn is_due(&self, now: Timestamp) -> bool {
        self.next_attempt_at.is_some_and(|at| at <= now)
    }
}

const SELECT_EMAILS: &str = "select id, kind, recipient, state, attempts, next_attempt_at, last_error, created_at, \
     sent_at from outbox";

/// The letter that a page of the list ended with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedAfter {
    /// When it was written.
    pub created_at: Timestamp,
    /// Its id.
    pub id: String,
}

impl ListedAfter {
    /// Whether an e-mail can stand there: their ids are UUIDs.
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

/// The letters in one state or in all, newest first.
pub async fn list(database: &dyn Database, state: Option<EmailState>, limit: u32) -> Result<Vec<EmailRow>, StoreError> {
    list_after(database, state, None, limit).await
}

/// A page of that list: what comes after the letter that the page before ended with; and which letter this one ends
/// with, unless it is the last.
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

/// What became of the command to try an e-mail again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Retry {
    /// It is sent at the next opportunity, with all its attempts before it again.
    Due(EmailRow),
    /// It stays as it is: its last attempt did not fail. It was sent, is being sent, or is not due yet.
    NotFailed(EmailRow),
    /// There is no such e-mail.
    Unknown,
}

/// Has an e-mail whose last attempt failed sent at the next opportunity, be it given up or waiting for the next attempt.
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
        // A command that was granted before, perhaps by the first of two clicks, is granted.
        Some(email) if touched > 0 || email.is_due(now) => Retry::Due(email),
        Some(email) => Retry::NotFailed(email),
        None => Retry::Unknown,
    })
}

/// Has all letters that were given up sent at the next opportunity; how many they are.
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
    let state: EmailState = row.word()?;
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
