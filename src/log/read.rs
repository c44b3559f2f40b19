//! Reading the log: streams whole, longer stretches page by page, so that memory stays constant.

use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::recorded::StoredEvent;
use gatebook_projections::sql::{Column, Query, RowError, RowReader, Value, int, json, text};

use crate::store::{Database, StoreError, Transaction};

/// The columns of the table `events`, in the order of [`StoredEvent`].
pub const EVENT_COLUMNS: &[Column] = &[
    int("position"),
    text("recorded_at"),
    text("aggregate_type"),
    text("aggregate_id"),
    text("group_id"),
    text("app_id"),
    int("sequence"),
    text("event_type"),
    text("event_version"),
    json("payload"),
    json("metadata"),
    text("previous_hash"),
    text("hash"),
];

/// The beginning of every query of events.
pub const SELECT_EVENTS: &str = "select position, recorded_at, aggregate_type, aggregate_id, group_id, app_id, \
     sequence, event_type, event_version, cast(payload as text), cast(metadata as text), previous_hash, hash from events";

/// All events of one stream, in order.
pub async fn stream(
    database: &dyn Database,
    aggregate_type: &str,
    aggregate_id: &str,
) -> Result<Vec<StoredEvent>, StoreError> {
    events(database.rows(stream_query(aggregate_type, aggregate_id)).await?)
}

/// Asks for all events of one stream, in order.
pub fn stream_query(aggregate_type: &str, aggregate_id: &str) -> Query {
    let sql = format!("{SELECT_EVENTS} where aggregate_type = $1 and aggregate_id = $2 order by sequence");
    Query::new(sql, [aggregate_type.into(), aggregate_id.into()])
}

/// The last event of one stream; none before its first.
pub async fn last(
    database: &dyn Database,
    aggregate_type: &str,
    aggregate_id: &str,
) -> Result<Vec<StoredEvent>, StoreError> {
    let sql = format!("{SELECT_EVENTS} where aggregate_type = $1 and aggregate_id = $2 order by sequence desc limit 1");
    let query = Query::new(sql, [aggregate_type.into(), aggregate_id.into()]);
    events(database.rows(query).await?)
}

/// The events of one stream, in order, without its `looks`, except for those since a moment and for the last event, which
/// may be one: the next event comes after it.
pub async fn without_audited_reads(
    database: &dyn Database,
    aggregate_type: &str,
    aggregate_id: &str,
    audited_reads: &[&str],
    since: Option<Timestamp>,
) -> Result<Vec<StoredEvent>, StoreError> {
    let sql = format!("{SELECT_EVENTS} where aggregate_type = $1 and aggregate_id = $2");
    let mut query = Query::new(sql, [aggregate_type.into(), aggregate_id.into()]);
    if !audited_reads.is_empty() {
        let since = since.map(|since| query.arg(since));
        let since = since.map(|since| format!(" or recorded_at >= {since}"));
        query.push(&format!(
            " and (true{} or sequence = (select max(sequence) from events where aggregate_type = $1 and aggregate_id = $2){})",
            but_not(audited_reads),
            since.unwrap_or_default()
        ));
    }
    query.push(" order by sequence");
    events(database.rows(query).await?)
}

/// The events of a stream from a version on, in order.
pub async fn since(
    database: &dyn Database,
    aggregate_type: &str,
    aggregate_id: &str,
    version: i64,
) -> Result<Vec<StoredEvent>, StoreError> {
    let sql =
        format!("{SELECT_EVENTS} where aggregate_type = $1 and aggregate_id = $2 and sequence >= $3 order by sequence");
    let args = [aggregate_type.into(), aggregate_id.into(), version.into()];
    events(database.rows(Query::new(sql, args)).await?)
}

/// The events of a stream after a version, in order, but for those with these names.
pub async fn newer(
    transaction: &mut dyn Transaction,
    aggregate_type: &str,
    aggregate_id: &str,
    version: i64,
    except: &[&str],
) -> Result<Vec<StoredEvent>, StoreError> {
    let except = but_not(except);
    let sql = format!(
        "{SELECT_EVENTS} where aggregate_type = $1 and aggregate_id = $2 and sequence > $3{except} order by sequence"
    );
    let args = [aggregate_type.into(), aggregate_id.into(), version.into()];
    events(transaction.rows(Query::new(sql, args)).await?)
}

/// A condition that leaves out the events with these names, which are words of the program.
fn but_not(names: &[&str]) -> String {
    match names.is_empty() {
        true => String::new(),
        false => format!(" and event_type not in ('{}')", names.join("', '")),
    }
}

/// The events in rows of [`SELECT_EVENTS`].
pub fn events(rows: Vec<Vec<Value>>) -> Result<Vec<StoredEvent>, StoreError> {
    Ok(rows.into_iter().map(event).collect::<Result<_, RowError>>()?)
}

/// The last position of the log; 0 while it is empty.
pub async fn head(database: &dyn Database) -> Result<i64, StoreError> {
    let rows = database
        .rows(Query::new("select position from log_head where id = 1", []))
        .await?;
    match rows.first().map(Vec::as_slice) {
        Some([Value::Int(position)]) => Ok(*position),
        _ => Err(StoreError::internal("log_head has no row")),
    }
}

fn event(values: Vec<Value>) -> Result<StoredEvent, RowError> {
    let mut row = RowReader::new("events", values);
    Ok(StoredEvent {
        position: row.int()?,
        recorded_at: row.text()?,
        aggregate_type: row.text()?,
        aggregate_id: row.text()?,
        group_id: row.text()?,
        app_id: row.text()?,
        sequence: row.int()?,
        event_type: row.text()?,
        event_version: row.text()?,
        payload: row.text()?,
        metadata: row.text()?,
        previous_hash: row.text()?,
        hash: row.text()?,
    })
}
