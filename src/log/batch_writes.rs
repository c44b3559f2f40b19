//! Everything that a batch writes, brought together by table, so that it takes a fixed number of statements.

use std::collections::{BTreeMap, BTreeSet};

use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::recorded::StoredEvent;
use gatebook_projections::row_write::RowWrite;
use gatebook_projections::sql::{Column, Query, Value, int, text};

use super::append::{CredentialChange, EncryptedEmail, IdempotencyRecord};
use super::head::Head;
use super::read::EVENT_COLUMNS;
use super::{fault, unreadable};
use crate::secrets::CredentialKind;
use crate::store::{OnConflict, StoreError, Transaction};

/// Everything that a batch writes, by table.
#[derive(Default)]
pub(super) struct BatchWrites {
    pub(super) events: Vec<Vec<Value>>,
    pub(super) rows: Vec<RowWrite>,
    pub(super) reservations: Vec<Vec<Value>>,
    pub(super) idempotency_keys: Vec<Vec<Value>>,
    pub(super) emails: Vec<EncryptedEmail>,
    withdrawn_emails: Vec<String>,
    pub(super) credentials: Vec<CredentialChange>,
    pub(super) settled_events: BTreeSet<i64>,
}

const RESERVATIONS: &[Column] = &[text("key"), text("owner")];
const IDEMPOTENCY_KEYS: &[Column] = &[
    text("key"),
    text("request_hash"),
    text("app_id"),
    int("version"),
    text("sealed"),
    text("created_at"),
];
const EMAILS: &[Column] = &[
    text("id"),
    text("kind"),
    text("recipient"),
    text("sealed"),
    text("state"),
    int("attempts"),
    text("next_attempt_at"),
    text("created_at"),
    text("about"),
    int("priority"),
];

impl BatchWrites {
    /// Takes back the e-mails about these, those of the same batch included.
    pub(super) fn withdraw_emails(&mut self, about: &[String]) {
        self.emails
            .retain(|email| email.about.as_ref().is_none_or(|of| !about.contains(of)));
        self.withdrawn_emails.extend_from_slice(about);
    }

    /// Whether there is nothing to write.
    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty()
            && self.credentials.is_empty()
            && self.emails.is_empty()
            && self.withdrawn_emails.is_empty()
            && self.reservations.is_empty()
            && self.idempotency_keys.is_empty()
    }

    /// Writes everything, and the new end of the log. Letters are due by this node's clock, `now`: nodes look for due
    /// e-mails by their own clocks, and the log's time is that of the clock that is furthest ahead.
    pub(super) async fn write(
        self,
        transaction: &mut dyn Transaction,
        head: Head,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        transaction
            .insert("events", EVENT_COLUMNS, &self.events, OnConflict::Fail)
            .await?;
        fault::point("events_written");
        for (table, (columns, rows)) in by_table(self.rows) {
            transaction.insert(table, columns, &rows, OnConflict::Replace).await?;
        }
        fault::point("rows_written");
        transaction
            .insert("reservations", RESERVATIONS, &self.reservations, OnConflict::Fail)
            .await?;
        transaction
            .insert(
                "idempotency_keys",
                IDEMPOTENCY_KEYS,
                &self.idempotency_keys,
                OnConflict::Fail,
            )
            .await?;
        fault::point("names_written");
        if !self.withdrawn_emails.is_empty() {
            withdraw_emails(transaction, &self.withdrawn_emails).await?;
        }
        let emails: Vec<_> = self.emails.into_iter().map(|email| email_row(email, now)).collect();
        transaction.insert("outbox", EMAILS, &emails, OnConflict::Fail).await?;
        fault::point("emails_written");
        unreadable::settle(transaction, &self.settled_events).await?;
        for change in self.credentials {
            write_credential(transaction, change, head.recorded_at).await?;
        }
        let order = "update log_head set position = $1, recorded_at = $2, read_to = $1 where id = 1";
        transaction
            .execute(Query::new(order, [head.position.into(), head.recorded_at.into()]))
            .await?;
        Ok(())
    }
}

type KeyedRows = (&'static [Column], BTreeMap<String, Vec<Value>>);
type TableRows = (&'static [Column], Vec<Vec<Value>>);

/// The rows by table. A row that is written twice in a batch is written once, as it is in the end.
fn by_table(rows: Vec<RowWrite>) -> BTreeMap<&'static str, TableRows> {
    let mut latest: BTreeMap<&'static str, KeyedRows> = BTreeMap::new();
    for row in rows {
        let key = match row.values.first() {
            Some(Value::Text(key)) => key.clone(),
            _ => continue,
        };
        latest
            .entry(row.table)
            .or_insert((row.columns, BTreeMap::new()))
            .1
            .insert(key, row.values);
    }
    latest
        .into_iter()
        .map(|(table, (columns, rows))| (table, (columns, rows.into_values().collect())))
        .collect()
}

/// Those that were given up, too: an operator could have them sent after all. A statement for each state, because each
/// has an index of its own.
async fn withdraw_emails(transaction: &mut dyn Transaction, about: &[String]) -> Result<(), StoreError> {
    // Each key by itself: a list that the database has to look into would be compared with every waiting e-mail. In the
    // order of their ids, as the outbox locks them, so that the two never wait for each other.
    for state in ["pending", "failed"] {
        let mut order = Query::new(
            format!("delete from outbox where id in (select id from outbox where state = '{state}' and about in ("),
            [],
        );
        let keys: Vec<_> = about.iter().map(|key| order.arg(key.as_str())).collect();
        let for_update = transaction.dialect().for_update();
        order.push(&format!("{}) order by id{for_update})", keys.join(", ")));
        transaction.execute(order).await?;
    }
    Ok(())
}

async fn write_credential(
    transaction: &mut dyn Transaction,
    change: CredentialChange,
    at: Timestamp,
) -> Result<(), StoreError> {
    let kind = |kind: CredentialKind| Value::from(kind.name());
    match change {
        CredentialChange::Delete { kind: which, id } => {
            let order = "delete from credentials where kind = $1 and id = $2";
            transaction.execute(Query::new(order, [kind(which), id.into()])).await?;
        }
        CredentialChange::DeleteOwned { kind: which, owner } => {
            let order = "delete from credentials where kind = $1 and owner = $2";
            transaction
                .execute(Query::new(order, [kind(which), owner.into()]))
                .await?;
        }
        CredentialChange::Put(new) => {
            let order = "delete from credentials where kind = $1 and id = $2";
            transaction
                .execute(Query::new(order, [kind(new.kind), new.id.as_str().into()]))
                .await?;
            let columns = [
                text("kind"),
                text("id"),
                text("owner"),
                text("name"),
                text("digest"),
                text("created_at"),
                text("expires_at"),
            ];
            let row = vec![
                kind(new.kind),
                new.id.into(),
                new.owner.into(),
                new.name.into(),
                new.digest.into(),
                at.into(),
                new.expires_at.into(),
            ];
            transaction
                .insert("credentials", &columns, &[row], OnConflict::Fail)
                .await?;
        }
    }
    Ok(())
}

pub(super) fn event_row(event: &StoredEvent) -> Vec<Value> {
    vec![
        event.position.into(),
        event.recorded_at.as_str().into(),
        event.aggregate_type.as_str().into(),
        event.aggregate_id.as_str().into(),
        event.group_id.as_str().into(),
        event.app_id.as_str().into(),
        event.sequence.into(),
        event.event_type.as_str().into(),
        event.event_version.as_str().into(),
        event.payload.as_str().into(),
        event.metadata.as_str().into(),
        event.previous_hash.as_str().into(),
        event.hash.as_str().into(),
    ]
}

pub(super) fn idempotency_row(record: IdempotencyRecord, version: i64, at: Timestamp) -> Vec<Value> {
    vec![
        record.key.into(),
        record.request_hash.into(),
        record.app_id.into(),
        version.into(),
        record.sealed.into(),
        at.into(),
    ]
}

/// An e-mail for later bears the date of that day.
fn email_row(email: EncryptedEmail, now: Timestamp) -> Vec<Value> {
    let at = email.not_before.map_or(now, |later| later.max(now));
    vec![
        email.id.into(),
        email.kind.into(),
        email.recipient.into(),
        email.sealed.into(),
        "pending".into(),
        0.into(),
        at.into(),
        at.into(),
        email.about.into(),
        (email.priority as i64).into(),
    ]
}
