//! Compares the table `reservations` with the first events of applications and developers, which show who owns what
//! (R6, R19). The table is written together with the events; if a row were missing, a name could be taken twice.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cqrs_es::Aggregate;
use gatebook_aggregates::developer::Developer;
use gatebook_aggregates::integration_app::IntegrationApp;
use gatebook_projections::recorded::{StoredEvent, UnreadableEvent};
use gatebook_projections::sql::{Query, Value, text};

use super::difference::{Difference, VerifyReport};
use super::head::head;
use super::switch::lock_head;
use super::{PAGE, Progress, ReplayError};
use crate::log::append::ReservationKey;
use crate::log::read::{SELECT_EVENTS, events};
use crate::store::{ConnectionPurpose, Database, OnConflict, StoreError, Transaction};

/// The table's name, and the name that [`Progress`] gets.
pub const RESERVATIONS: &str = "reservations";

/// A reservation that an event requires.
struct Due {
    key: String,
    owner: String,
    position: i64,
}

/// Finds reservations that are missing, have the wrong owner, or should not exist. Skips unreadable events, which
/// [`verify`](super::verify()) reports.
///
/// # Errors
/// The database cannot be read.
pub async fn verify_reservations(
    database: &Arc<dyn Database>,
    progress: &dyn Progress,
) -> Result<VerifyReport, ReplayError> {
    verify_in_pages(database, progress, PAGE).await
}

/// Like [`verify_reservations`], with `page` events and rows at a time.
///
/// # Errors
/// Those of [`verify_reservations`].
pub async fn verify_in_pages(
    database: &Arc<dyn Database>,
    progress: &dyn Progress,
    page: i64,
) -> Result<VerifyReport, ReplayError> {
    let mut transaction = database.begin(ConnectionPurpose::Snapshot).await?;
    let mut report = VerifyReport::default();
    let (mut after, end) = (0, head(&mut *transaction, "").await?);
    loop {
        let first = transaction.rows(first_events(after, page)).await?;
        let first = events(first)?;
        let Some(last) = first.last() else { break };
        after = last.position;
        let due: Vec<_> = first.iter().flat_map(|event| due(event).unwrap_or_default()).collect();
        let found = owners(&mut *transaction, &due).await?;
        for due in due {
            report.rows += i64::from(found.contains_key(&due.key));
            compare(due, &found, &mut report);
        }
        progress.step(RESERVATIONS, after, end);
    }
    unfounded(&mut *transaction, page, &mut report).await?;
    Ok(report)
}

fn compare(due: Due, found: &BTreeMap<String, String>, report: &mut VerifyReport) {
    let Due { key, owner, position } = due;
    let (column, expected, found) = match found.get(&key) {
        Some(found) if *found == owner => return,
        Some(found) => ("owner", owner, Value::from(found.as_str())),
        None => ("key", key.clone(), Value::Null),
    };
    report.add(Difference {
        table: RESERVATIONS.to_owned(),
        key,
        column: column.to_owned(),
        expected: expected.into(),
        found,
        position: Some(position),
    });
}

/// Finds reservations that no event of their owner made. Those with a wrong owner have been reported already.
async fn unfounded(transaction: &mut dyn Transaction, page: i64, report: &mut VerifyReport) -> Result<(), ReplayError> {
    let mut after = String::new();
    loop {
        let sql = "select key, owner from reservations where key > $1 order by key limit $2";
        let rows = transaction
            .rows(Query::new(sql, [after.as_str().into(), page.into()]))
            .await?;
        let rows: Vec<_> = rows.iter().filter_map(|row| key_and_owner(row)).collect();
        let Some((last, _)) = rows.last() else { return Ok(()) };
        after.clone_from(last);
        let made = made_by(transaction, rows.iter().map(|(_, owner)| owner.as_str()).collect()).await?;
        for (key, owner) in rows {
            let named = report.differences.iter().any(|difference| difference.key == key);
            if !named && !made.contains(&(key.clone(), owner)) {
                report.add(Difference {
                    table: RESERVATIONS.to_owned(),
                    key: key.clone(),
                    column: "key".to_owned(),
                    expected: Value::Null,
                    found: key.into(),
                    position: None,
                });
            }
        }
    }
}

/// Writes the missing reservations and returns their number. A reservation of another owner stays: two want the same,
/// and people have to settle that.
///
/// # Errors
/// See [`ReplayError`].
pub async fn restore_reservations(database: &Arc<dyn Database>, progress: &dyn Progress) -> Result<i64, ReplayError> {
    let (mut after, mut restored) = (0, 0);
    loop {
        let first = events(database.rows(first_events(after, PAGE)).await?)?;
        let Some(last) = first.last() else { return Ok(restored) };
        after = last.position;
        // An unreadable event does not show what it reserved.
        let due = first.iter().flat_map(|event| due(event).unwrap_or_default());
        restored += restore(&**database, due.collect()).await?;
        progress.step(RESERVATIONS, after, after);
    }
}

/// Takes the log's lock, as for every reservation.
async fn restore(database: &dyn Database, due: Vec<Due>) -> Result<i64, ReplayError> {
    let mut transaction = database.begin(ConnectionPurpose::Write).await?;
    lock_head(&mut *transaction).await?;
    let found = owners(&mut *transaction, &due).await?;
    let mut missing: BTreeMap<String, String> = BTreeMap::new();
    for due in due.into_iter().filter(|due| !found.contains_key(&due.key)) {
        missing.entry(due.key).or_insert(due.owner);
    }
    let rows: Vec<_> = missing
        .into_iter()
        .map(|(key, owner)| vec![key.into(), owner.into()])
        .collect();
    transaction
        .insert(RESERVATIONS, &[text("key"), text("owner")], &rows, OnConflict::Fail)
        .await?;
    transaction.commit().await?;
    Ok(rows.len() as i64)
}

/// What an event reserves, if anything.
fn due(stored: &StoredEvent) -> Result<Vec<Due>, UnreadableEvent> {
    let keys = match stored.aggregate_type.as_str() {
        IntegrationApp::TYPE => {
            let recorded = stored.read::<IntegrationApp>()?;
            let name = recorded.event.takes_name();
            name.map(ReservationKey::of_app_name).unwrap_or_default()
        }
        Developer::TYPE => {
            let recorded = stored.read::<Developer>()?;
            let email = recorded.event.takes_address();
            let key = email.map(|email| ReservationKey::DeveloperEmail(email.key()));
            key.into_iter().collect()
        }
        _ => Vec::new(),
    };
    let due = keys.into_iter().map(|key| Due {
        key: key.to_string(),
        owner: stored.aggregate_id.clone(),
        position: stored.position,
    });
    Ok(due.collect())
}

/// The first events of streams, after a position. Only these reserve anything.
fn first_events(after: i64, page: i64) -> Query {
    let sql = format!("{SELECT_EVENTS} where sequence = 1 and position > $1 order by position limit $2");
    Query::new(sql, [after.into(), page.into()])
}

/// The owners of those of these reservations that exist.
async fn owners(transaction: &mut dyn Transaction, due: &[Due]) -> Result<BTreeMap<String, String>, StoreError> {
    let keys: BTreeSet<_> = due.iter().map(|due| due.key.as_str()).collect();
    let list = transaction.dialect().list("$1");
    let sql = format!("select key, owner from reservations where key in ({list})");
    let rows = transaction.rows(Query::new(sql, [Value::json(&keys)])).await?;
    Ok(rows.iter().filter_map(|row| key_and_owner(row)).collect())
}

/// What the streams of these owners reserve, with the owner of each.
async fn made_by(
    transaction: &mut dyn Transaction,
    owners: BTreeSet<&str>,
) -> Result<BTreeSet<(String, String)>, ReplayError> {
    let mut made = BTreeSet::new();
    for kind in [IntegrationApp::TYPE, Developer::TYPE] {
        let list = transaction.dialect().list("$2");
        let sql = format!("{SELECT_EVENTS} where aggregate_type = $1 and aggregate_id in ({list}) and sequence = 1");
        let first = transaction
            .rows(Query::new(sql, [kind.into(), Value::json(&owners)]))
            .await?;
        let due = events(first)?
            .into_iter()
            .flat_map(|event| due(&event).unwrap_or_default());
        made.extend(due.map(|due| (due.key, due.owner)));
    }
    Ok(made)
}

fn key_and_owner(row: &[Value]) -> Option<(String, String)> {
    match row {
        [Value::Text(key), Value::Text(owner)] => Some((key.clone(), owner.clone())),
        _ => None,
    }
}
