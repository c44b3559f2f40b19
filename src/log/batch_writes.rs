//! Everything that a batch writes, brought together by table, so that it takes a fixed number of statements.

use std::collections::{BTreeMap, BTreeSet};

use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::recorded::StoredEvent;
use gatebook_projections::row_write::RowWrite;
use gatebook_projections::sql::{Column, Query, Value, int, text};

use super::append::{Credential, CredentialChange, EncryptedEmail, IdempotencyRecord};
use super::head::Head;
use super::map_writes::{note_written_in_part, of_maps};
use super::read::EVENT_COLUMNS;
use super::{fault, unreadable};
use crate::store::{Insert, OnConflict, StoreError, Transaction};

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
/// The columns of a new row of the outbox.
pub const EMAIL_COLUMNS: &[Column] = &[
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
    text("audience"),
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
        email_quotas: Insert,
    ) -> Result<(), StoreError> {
        // What is deleted comes first: new e-mails and credentials may be about the same.
        if !self.withdrawn_emails.is_empty() {
            withdraw_emails(transaction, &self.withdrawn_emails).await?;
        }
        write_credentials(transaction, self.credentials, head.recorded_at).await?;
        let in_part = self.rows.iter().filter(|row| row.maps.is_in_part);
        let in_part: BTreeSet<_> = in_part.map(|row| row.table).collect();
        note_written_in_part(transaction, in_part).await?;
        let (deletes, maps) = of_maps(transaction, &self.rows).await?;
        let rows = by_table(self.rows).into_iter().map(|(table, (columns, rows))| Insert {
            table,
            columns,
            rows,
            on_conflict: OnConflict::Replace,
        });
        let new = |table, columns, rows| Insert {
            table,
            columns,
            rows,
            on_conflict: OnConflict::Fail,
        };
        let emails = self.emails.into_iter().map(|email| email_row(email, now));
        let inserts = std::iter::once(new("events", EVENT_COLUMNS, self.events))
            .chain(rows)
            .chain(maps)
            .chain([
                new("reservations", RESERVATIONS, self.reservations),
                new("idempotency_keys", IDEMPOTENCY_KEYS, self.idempotency_keys),
                new("outbox", EMAIL_COLUMNS, emails.collect()),
                email_quotas,
            ]);
        let order = "update log_head set position = $1, recorded_at = $2, read_to = $1 where id = 1";
        let end_of_log = Query::new(order, [head.position.into(), head.recorded_at.into()]);
        transaction.write_all(deletes, inserts.collect(), end_of_log).await?;
        for done in ["events_written", "rows_written", "names_written", "emails_written"] {
            fault::point(done);
        }
        unreadable::settle(transaction, &self.settled_events).await
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

/// In the order of the changes, but as many as possible at once: whoever takes hundreds of users out of a group must not hold
/// the log's lock for thousands of statements.
async fn write_credentials(
    transaction: &mut dyn Transaction,
    changes: Vec<CredentialChange>,
    at: Timestamp,
) -> Result<(), StoreError> {
    let mut run = CredentialRun::default();
    for change in changes {
        if !run.takes(&change) {
            std::mem::take(&mut run).write(transaction, at).await?;
        }
        run.add(change);
    }
    run.write(transaction, at).await
}

/// Changes of credentials that can be written in any order, because none is of what another one stores.
#[derive(Default)]
struct CredentialRun {
    /// Those to delete, by kind: their ids.
    ids: BTreeMap<&'static str, BTreeSet<String>>,
    /// Those to delete, by kind: whose.
    owners: BTreeMap<&'static str, BTreeSet<String>>,
    /// Those to store, each in place of an older one.
    new: BTreeMap<(&'static str, String), Credential>,
}

const CREDENTIALS: &[Column] = &[
    text("kind"),
    text("id"),
    text("owner"),
    text("name"),
    text("digest"),
    text("created_at"),
    text("expires_at"),
];

impl CredentialRun {
    /// Deletes come before what is stored; what is deleted afterwards, or stored again, belongs to the next run.
    fn takes(&self, change: &CredentialChange) -> bool {
        match change {
            CredentialChange::Put(new) => !self.new.contains_key(&(new.kind.name(), new.id.clone())),
            CredentialChange::Delete { .. } | CredentialChange::DeleteOwned { .. } => self.new.is_empty(),
        }
    }

    fn add(&mut self, change: CredentialChange) {
        match change {
            CredentialChange::Delete { kind, id } => {
                self.ids.entry(kind.name()).or_default().insert(id);
            }
            CredentialChange::DeleteOwned { kind, owner } => {
                self.owners.entry(kind.name()).or_default().insert(owner);
            }
            CredentialChange::Put(new) => {
                let (kind, id) = (new.kind.name(), new.id.clone());
                self.ids.entry(kind).or_default().insert(id.clone());
                self.new.insert((kind, id), new);
            }
        }
    }

    async fn write(self, transaction: &mut dyn Transaction, at: Timestamp) -> Result<(), StoreError> {
        let ids = self.ids.into_iter().map(|(kind, ids)| ("id", kind, ids));
        let owners = self.owners.into_iter().map(|(kind, owners)| ("owner", kind, owners));
        for (column, kind, keys) in ids.chain(owners) {
            let keys_list = transaction.dialect().list("$2");
            let order = format!("delete from credentials where kind = $1 and {column} in ({keys_list})");
            transaction
                .execute(Query::new(order, [kind.into(), Value::json(&keys)]))
                .await?;
        }
        let row = |((kind, id), new): ((&'static str, String), Credential)| {
            vec![
                kind.into(),
                id.into(),
                new.owner.into(),
                new.name.into(),
                new.digest.into(),
                at.into(),
                new.expires_at.into(),
            ]
        };
        let rows: Vec<_> = self.new.into_iter().map(row).collect();
        transaction
            .insert("credentials", CREDENTIALS, &rows, OnConflict::Fail)
            .await?;
        Ok(())
    }
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
pub fn email_row(email: EncryptedEmail, now: Timestamp) -> Vec<Value> {
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
        email.audience.map(|audience| audience.to_string()).into(),
    ]
}
