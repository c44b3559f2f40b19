//! Events in the log that this program cannot read, and that nobody has settled yet: the table `unreadable_events`. While
//! it names an application's stream, or its group's, the gate lets none of its tokens pass.
//!
//! This program's writer reads back whatever it appends, so such an event comes from somebody else. `log_head.read_to`
//! tells up to where the log has been read back by whoever appended it, or since; whatever lies behind it was appended by
//! a hand, or by a program that does not read back. The gate takes the streams of those events for unreadable at once;
//! the next batch, or whoever looks, reads them, folds what can be read, and names what cannot.

use std::collections::BTreeSet;

use gatebook_projections::recorded::{StoredEvent, UnreadableEvent};
use gatebook_projections::registry;
use gatebook_projections::sql::{Column, Query, RowError, RowReader, Value, int, text};
use serde::Serialize;

use super::map_writes::note_written_in_part;
use super::quarantine::Quarantine;
use super::read::{SELECT_EVENTS, events, stream_query};
use super::readable::{check, fingerprint};
use crate::store::{ConnectionPurpose, Database, OnConflict, StoreError, Transaction, put_rows, take_out};

/// How many events are read at a time, so that memory stays small however long the log is.
const PAGE: i64 = 1_000;
/// How many unreadable events are listed. Whoever has more needs to know their number, not all their names.
pub const LISTED: i64 = 100;

const TABLE: &str = "unreadable_events";
const COLUMNS: &[Column] = &[
    int("position"),
    text("aggregate_type"),
    text("aggregate_id"),
    int("sequence"),
    text("event_type"),
    text("event_version"),
    text("problem"),
];

/// An event that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unreadable {
    /// Its place in the log.
    pub position: i64,
    /// The kind of its stream.
    pub aggregate_type: String,
    /// Its stream.
    pub aggregate_id: String,
    /// Its place in its stream.
    pub sequence: i64,
    /// Its name.
    pub event_type: String,
    /// The version of its JSON.
    pub event_version: String,
    /// What is wrong with it.
    pub problem: String,
}

/// Writes the rows that a stream folds to now, and takes away those that it no longer does: whoever appended to it by hand has
/// written none, and without an event that was quarantined it may not have begun.
async fn refold(transaction: &mut dyn Transaction, kind: &str, id: &str) -> Result<(), StoreError> {
    let stream = events(transaction.rows(stream_query(kind, id)).await?)?;
    let quarantine = Quarantine::read_in(transaction).await?;
    for projection in registry::all()
        .iter()
        .filter(|projection| projection.aggregate_type == kind)
    {
        note_written_in_part(
            transaction,
            Some(projection.name).filter(|_| !projection.maps.is_empty()),
        )
        .await?;
        match quarantine.fold_readable(projection, &stream)? {
            Some(row) => put_rows(transaction, projection, "", vec![row]).await?,
            None => take_out(transaction, projection, "", &[id.to_owned()]).await?,
        }
    }
    Ok(())
}

impl From<Unreadable> for UnreadableEvent {
    fn from(event: Unreadable) -> Self {
        let Unreadable {
            position,
            aggregate_type,
            aggregate_id,
            sequence,
            event_type,
            event_version,
            problem,
        } = event;
        Self {
            position,
            event: format!(
                "{event_type} version {event_version}, number {sequence} of {aggregate_type} {aggregate_id}"
            ),
            problem,
        }
    }
}

/// How far the log is, and how far it has been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadTo {
    /// The last position that has been read.
    pub read_to: i64,
    /// The last position.
    pub position: i64,
}

/// How many events cannot be read. Reads what nobody has read yet before.
///
/// # Errors
/// A database that cannot be read, or not be written if there is something to read.
pub async fn count(database: &dyn Database) -> Result<i64, StoreError> {
    read_on(database).await?;
    let sql = format!("select count(*) from {TABLE}");
    match database.rows(Query::new(sql, [])).await?.first().map(Vec::as_slice) {
        Some([Value::Int(count)]) => Ok(*count),
        _ => Err(StoreError::internal(format!("{TABLE} has no count"))),
    }
}

/// Those that are known by now, the first [`LISTED`] of them.
///
/// # Errors
/// A database that cannot be read.
pub async fn listed(database: &dyn Database) -> Result<Vec<Unreadable>, StoreError> {
    let columns = COLUMNS.iter().map(|column| column.name).collect::<Vec<_>>().join(", ");
    let sql = format!("select {columns} from {TABLE} order by position limit {LISTED}");
    let rows = database.rows(Query::new(sql, [])).await?;
    Ok(rows.into_iter().map(unreadable).collect::<Result<_, RowError>>()?)
}

/// Reads the events that were appended by somebody who does not read back, and names those that cannot be read. Usually
/// there are none, and it asks one question.
///
/// # Errors
/// As above.
pub async fn read_on(database: &dyn Database) -> Result<(), StoreError> {
    loop {
        let seen = place(database.rows(Query::new(PLACE, [])).await?)?;
        if seen.read_to >= seen.position {
            return Ok(());
        }
        let mut transaction = database.begin(ConnectionPurpose::Write).await?;
        let lock = transaction.dialect().for_update();
        let place = place(transaction.rows(Query::new(format!("{PLACE}{lock}"), [])).await?)?;
        read_page(&mut *transaction, place).await?;
        transaction.commit().await?;
    }
}

/// Reads all that has not been read yet, under the log's lock.
pub(super) async fn read_all(transaction: &mut dyn Transaction, mut place: ReadTo) -> Result<(), StoreError> {
    while place.read_to < place.position {
        place.read_to = read_page(transaction, place).await?;
    }
    Ok(())
}

/// Names these events as unreadable, unless they are quarantined.
///
/// # Errors
/// A database that cannot be written.
pub async fn mark(
    transaction: &mut dyn Transaction,
    found: &[(StoredEvent, UnreadableEvent)],
) -> Result<(), StoreError> {
    if found.is_empty() {
        return Ok(());
    }
    let quarantine = Quarantine::read_in(transaction).await?;
    let mut rows = Vec::new();
    for (event, problem) in found.iter().filter(|(event, _)| !quarantine.passes_over(event)) {
        tracing::error!(%problem, "the log contains an unreadable event; what it concerns is closed");
        rows.push(vec![
            event.position.into(),
            event.aggregate_type.as_str().into(),
            event.aggregate_id.as_str().into(),
            event.sequence.into(),
            event.event_type.as_str().into(),
            event.event_version.as_str().into(),
            problem.problem.as_str().into(),
        ]);
    }
    transaction.insert(TABLE, COLUMNS, &rows, OnConflict::Replace).await?;
    Ok(())
}

/// Forgets those that this program can read, or that have been quarantined or replaced meanwhile.
///
/// # Errors
/// A database that cannot be written.
pub async fn forget_settled(database: &dyn Database) -> Result<(), StoreError> {
    let mut transaction = database.begin(ConnectionPurpose::Write).await?;
    let lock = transaction.dialect().for_update();
    transaction.rows(Query::new(format!("{PLACE}{lock}"), [])).await?;
    let sql = format!("{SELECT_EVENTS} where position in (select position from {TABLE})");
    let named = events(transaction.rows(Query::new(sql, [])).await?)?;
    let quarantine = Quarantine::read_in(&mut *transaction).await?;
    let settled: BTreeSet<_> = named
        .iter()
        .filter(|event| check(event).is_ok() || quarantine.passes_over(event))
        .map(|event| event.position)
        .collect();
    forget(&mut *transaction, &settled).await?;
    transaction.commit().await
}

/// Looks whether this program can read each kind of event in the log. What an older program has written it can, and what was
/// written since it started itself it has been told; but a newer one may have served meanwhile, whose events it does not know.
/// How far it has looked is remembered for each version of the program.
///
/// # Errors
/// A database that cannot be read or written.
pub async fn look_at_kinds(database: &dyn Database) -> Result<(), StoreError> {
    let fact = format!("kinds_looked_at_{}", fingerprint());
    let looked_to = database.rows(Query::new(
        "select value from facts where name = $1",
        [fact.as_str().into()],
    ));
    let looked_to = match looked_to.await?.first().map(Vec::as_slice) {
        Some([Value::Text(position)]) => position.parse().unwrap_or(0),
        _ => 0_i64,
    };
    let mut transaction = database.begin(ConnectionPurpose::Write).await?;
    let lock = transaction.dialect().for_update();
    let head = place(transaction.rows(Query::new(format!("{PLACE}{lock}"), [])).await?)?.position;
    let kinds =
        "select max(position) from events where position > $1 group by aggregate_type, event_type, event_version";
    let sql = format!("{SELECT_EVENTS} where position in ({kinds})");
    let of_each_kind = events(transaction.rows(Query::new(sql, [looked_to.into()])).await?)?;
    for unknown in of_each_kind.iter().filter(|event| check(event).is_err()) {
        let sql = format!(
            "{SELECT_EVENTS} where position > $1 and aggregate_type = $2 and event_type = $3 and event_version = $4"
        );
        let args = [
            looked_to.into(),
            unknown.aggregate_type.as_str().into(),
            unknown.event_type.as_str().into(),
            unknown.event_version.as_str().into(),
        ];
        let of_the_kind = events(transaction.rows(Query::new(sql, args)).await?)?;
        let found = of_the_kind
            .into_iter()
            .filter_map(|event| check(&event).err().map(|problem| (event, problem)));
        mark(&mut *transaction, &found.collect::<Vec<_>>()).await?;
    }
    let row = vec![fact.into(), head.to_string().into()];
    transaction
        .insert("facts", &[text("name"), text("value")], &[row], OnConflict::Replace)
        .await?;
    transaction.commit().await
}

/// Lets the streams of events go on that were quarantined in this transaction.
pub(super) async fn settle(transaction: &mut dyn Transaction, positions: &BTreeSet<i64>) -> Result<(), StoreError> {
    for position in positions {
        let sql = format!("{SELECT_EVENTS} where position = $1");
        for event in events(transaction.rows(Query::new(sql, [(*position).into()])).await?)? {
            refold(transaction, &event.aggregate_type, &event.aggregate_id).await?;
        }
    }
    forget(transaction, positions).await
}

/// Forgets these events.
async fn forget(transaction: &mut dyn Transaction, positions: &BTreeSet<i64>) -> Result<(), StoreError> {
    for position in positions {
        let order = format!("delete from {TABLE} where position = $1");
        transaction.execute(Query::new(order, [(*position).into()])).await?;
    }
    Ok(())
}

const PLACE: &str = "select read_to, position from log_head where id = 1";

fn place(rows: Vec<Vec<Value>>) -> Result<ReadTo, StoreError> {
    match rows.first().map(Vec::as_slice) {
        Some([Value::Int(read_to), Value::Int(position)]) => Ok(ReadTo {
            read_to: *read_to,
            position: *position,
        }),
        _ => Err(StoreError::internal("log_head has no row")),
    }
}

/// Reads a page of what has not been read; up to where that is then.
async fn read_page(transaction: &mut dyn Transaction, place: ReadTo) -> Result<i64, StoreError> {
    let to = place.position.min(place.read_to + PAGE);
    let sql = format!("{SELECT_EVENTS} where position > $1 and position <= $2 order by position");
    let page = Query::new(sql, [place.read_to.into(), to.into()]);
    let page = events(transaction.rows(page).await?)?;
    let (mut found, mut streams) = (Vec::new(), BTreeSet::new());
    for event in page {
        match check(&event) {
            Ok(()) => drop(streams.insert((event.aggregate_type, event.aggregate_id))),
            Err(problem) => found.push((event, problem)),
        }
    }
    mark(transaction, &found).await?;
    for (kind, id) in streams {
        refold(transaction, &kind, &id).await?;
    }
    let order = "update log_head set read_to = $1 where id = 1 and read_to < $1";
    transaction.execute(Query::new(order, [to.into()])).await?;
    Ok(to)
}

fn unreadable(values: Vec<Value>) -> Result<Unreadable, RowError> {
    let mut row = RowReader::new(TABLE, values);
    Ok(Unreadable {
        position: row.int()?,
        aggregate_type: row.text()?,
        aggregate_id: row.text()?,
        sequence: row.int()?,
        event_type: row.text()?,
        event_version: row.text()?,
        problem: row.text()?,
    })
}
