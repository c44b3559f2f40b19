//! Looks up a file's events in the database.

use std::collections::{BTreeMap, HashSet};

use gatebook_projections::recorded::StoredEvent;
use gatebook_projections::sql::{Query, Value};

use super::InsteadEvent;
use super::exported_event::ExportedEvent;
use crate::activity_log::summary;
use crate::log::read::{self, SELECT_EVENTS};
use crate::store::{Database, StoreError};

/// Keeps the events that the database lacks. The hash covers position, stream and sequence, so an event with the same
/// hash at the same position is the same event.
pub(super) async fn without_known(
    database: &dyn Database,
    events: Vec<ExportedEvent>,
) -> Result<Vec<ExportedEvent>, StoreError> {
    if events.is_empty() {
        return Ok(events);
    }
    let positions: Vec<_> = events.iter().map(|event| event.stored.position).collect();
    let sql = format!(
        "select hash from events where position in ({})",
        numbers(database, "$1")
    );
    let rows = database.rows(Query::new(sql, [Value::json(&positions)])).await?;
    let hashes = rows.into_iter().flatten().filter_map(|value| match value {
        Value::Text(hash) => Some(hash),
        Value::Null | Value::Int(_) => None,
    });
    let known: HashSet<_> = hashes.collect();
    let missing = events.into_iter().filter(|event| !known.contains(&event.stored.hash));
    Ok(missing.collect())
}

/// Adds to each event what the database has in its place.
pub(super) async fn with_instead(
    database: &dyn Database,
    events: Vec<ExportedEvent>,
) -> Result<Vec<(ExportedEvent, Option<InsteadEvent>)>, StoreError> {
    let mut streams: BTreeMap<(String, String), Vec<i64>> = BTreeMap::new();
    for event in &events {
        let stored = &event.stored;
        let stream = (stored.aggregate_type.clone(), stored.aggregate_id.clone());
        streams.entry(stream).or_default().push(stored.sequence);
    }
    let mut instead = BTreeMap::new();
    for ((kind, id), sequences) in streams {
        for event in of_stream(database, &kind, &id, &sequences).await? {
            instead.insert((kind.clone(), id.clone(), event.sequence), event);
        }
    }
    let found = events.into_iter().map(|event| {
        let stored = &event.stored;
        let place = (
            stored.aggregate_type.clone(),
            stored.aggregate_id.clone(),
            stored.sequence,
        );
        let instead = instead.get(&place).map(described);
        (event, instead)
    });
    Ok(found.collect())
}

async fn of_stream(
    database: &dyn Database,
    kind: &str,
    id: &str,
    sequences: &[i64],
) -> Result<Vec<StoredEvent>, StoreError> {
    let sql = format!(
        "{SELECT_EVENTS} where aggregate_type = $1 and aggregate_id = $2 and sequence in ({})",
        numbers(database, "$3")
    );
    let args = [kind.into(), id.into(), Value::json(&sequences)];
    read::events(database.rows(Query::new(sql, args)).await?)
}

/// A `select` of the numbers in a JSON list.
fn numbers(database: &dyn Database, placeholder: &str) -> String {
    let listed = database.dialect().list(placeholder);
    format!("select cast(listed.id as bigint) from ({listed}) listed")
}

fn described(event: &StoredEvent) -> InsteadEvent {
    InsteadEvent {
        position: event.position,
        recorded_at: event.recorded_at.clone(),
        event: event.event_type.clone(),
        // `log verify` reports unreadable events.
        summary: summary(event).unwrap_or_else(|unreadable| unreadable.to_string()),
    }
}
