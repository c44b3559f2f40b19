//! An event that a program appends which does not know this one, as a newer version or a hand would: at the end of the log and
//! of its stream, with a hash that continues the chain.

use gatebook::log::hash_chain::{EventParts, NO_PREDECESSOR, hash_of};
use gatebook::log::read;
use gatebook::store::{ConnectionPurpose, Database};
use gatebook_projections::recorded::StoredEvent;

/// Appends a fact to a stream; its position.
pub async fn append_foreign(database: &dyn Database, kind: &str, id: &str, payload: &str) -> i64 {
    let stream = read::stream(database, kind, id).await.unwrap();
    let fact: serde_json::Value = serde_json::from_str(payload).unwrap();
    let event_type = fact.as_object().unwrap().keys().next().unwrap().clone();
    let position = read::head(database).await.unwrap() + 1;
    let template = stream.last().cloned().unwrap_or(StoredEvent {
        position: 0,
        recorded_at: "2026-11-23T09:00:00.000Z".to_owned(),
        aggregate_type: kind.to_owned(),
        aggregate_id: id.to_owned(),
        group_id: String::new(),
        app_id: if kind == "IntegrationApp" {
            id.to_owned()
        } else {
            String::new()
        },
        sequence: 0,
        event_type: String::new(),
        event_version: "1".to_owned(),
        payload: String::new(),
        metadata: r#"{"somebody":"else"}"#.to_owned(),
        previous_hash: String::new(),
        hash: NO_PREDECESSOR.to_owned(),
    });
    let mut event = StoredEvent {
        position,
        sequence: template.sequence + 1,
        event_type,
        payload: payload.to_owned(),
        previous_hash: template.hash.clone(),
        ..template
    };
    event.hash = hash_of(&event, &EventParts::of(&event).unwrap());
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let texts = [
        &event.aggregate_type,
        &event.aggregate_id,
        &event.group_id,
        &event.app_id,
        &event.event_type,
        &event.event_version,
        &event.payload,
        &event.metadata,
        &event.previous_hash,
        &event.hash,
    ]
    .map(|text| quoted(text));
    let [
        kind,
        id,
        group,
        app,
        event_type,
        version,
        payload,
        metadata,
        previous_hash,
        hash,
    ] = texts;
    let script = format!(
        "insert into events (position, recorded_at, aggregate_type, aggregate_id, group_id, app_id, sequence, event_type, \
         event_version, payload, metadata, previous_hash, hash) values ({position}, {}, {kind}, {id}, {group}, {app}, {}, \
         {event_type}, {version}, {payload}, {metadata}, {previous_hash}, {hash}); \
         update log_head set position = {position} where id = 1",
        quoted(&event.recorded_at),
        event.sequence
    );
    let mut transaction = database.begin(ConnectionPurpose::Write).await.unwrap();
    transaction.script(&script).await.unwrap();
    transaction.commit().await.unwrap();
    position
}
