//! What a command writes of a group's entities and users.

use gatebook_aggregates::email_address::EmailAddress;
use gatebook_aggregates::group::Role;
use gatebook_aggregates::metadata::{ActorType, Metadata};
use gatebook_aggregates::timestamp::Timestamp;

use super::*;
use crate::map_rows::MapEntry;
use crate::row::StoredRow;
use crate::row_base::RowBase;
use crate::row_write::RowWrite;

fn entity(id: &str) -> EntityId {
    EntityId::parse(id).unwrap()
}

fn name(text: &str) -> Label {
    Label::parse("name", text).unwrap()
}

fn added(id: &str) -> Event {
    Event::EntityAdded {
        entity_id: entity(id),
        name: name(id),
    }
}

fn removed(id: &str) -> Event {
    Event::EntityRemoved {
        entity_id: entity(id),
        name: name(id),
    }
}

fn ada_added() -> Event {
    Event::UserAdded {
        user_id: UserId::parse("ada").unwrap(),
        email: EmailAddress::parse("email", "Ada@acme.example").unwrap().into(),
        name: name("Ada “Countess” Lovelace").into(),
        role: Role::User,
    }
}

fn registered() -> Event {
    Event::GroupRegistered {
        name: name("Acme"),
        product_plan: ProductPlan::parse("AIQ3").unwrap(),
    }
}

/// These events of Acme, after so many others.
fn recorded(after: i64, events: &[Event]) -> Vec<Recorded<Event>> {
    let recorded = (after + 1..).zip(events).map(|(sequence, event)| Recorded {
        position: 100 + sequence,
        sequence,
        recorded_at: Timestamp::parse("2026-11-23T09:15:00.000Z").unwrap(),
        aggregate_id: "acme".to_owned(),
        metadata: Metadata {
            actor_type: ActorType::Operator,
            actor_id: String::new(),
            actor_name: String::new().into(),
            ip_address: String::new().into(),
            request_id: String::new(),
            app_name: String::new(),
        },
        event: event.clone(),
    });
    recorded.collect()
}

fn written(base: &RowBase, before: &[Event], new: &[Event]) -> RowWrite {
    let (history, new) = (recorded(0, before), recorded(before.len() as i64, new));
    RowWrite::of::<Groups>(base, &history, &new).unwrap().unwrap()
}

/// Keys, and what stands in the column after them; nothing for what is gone.
fn changes(write: &RowWrite, map: usize) -> Vec<(&str, Option<&Value>)> {
    let entries = &write.maps.changes.as_ref().unwrap()[map];
    let entries = entries.iter().map(|MapEntry { key, row }| {
        let value = row.as_ref().map(|row| &row[2]);
        (key.as_str(), value)
    });
    entries.collect()
}

#[test]
fn a_command_writes_what_its_events_change_of_the_maps() {
    let before = [registered(), added("berlin"), added("dublin"), added("lisbon")];
    let new = [
        removed("dublin"),
        Event::EntityRenamed {
            entity_id: entity("lisbon"),
            before: name("lisbon"),
            after: name("Lisboa"),
        },
        added("oslo"),
        removed("oslo"),
        ada_added(),
    ];
    let write = written(&RowBase::default(), &before, &new);
    let lisboa = Value::from(r#""Lisboa""#);
    assert_eq!(
        changes(&write, 0),
        [("dublin", None), ("lisbon", Some(&lisboa)), ("oslo", None)]
    );
    let users = &write.maps.changes.as_ref().unwrap()[1];
    let [MapEntry { key, row: Some(row) }] = users.as_slice() else {
        panic!("{users:?}");
    };
    assert_eq!(key, "ada");
    assert!(row.contains(&"ada@acme.example".into()), "{row:?}");
    // Another command begins with this row, and knows nothing of what this one has changed.
    let next = written(&write.row, &[], &[added("porto")]);
    let porto = Value::from(r#""porto""#);
    assert_eq!(changes(&next, 0), [("porto", Some(&porto))]);
    assert!(changes(&next, 1).is_empty());
}

#[test]
fn of_a_group_that_begins_all_is_written() {
    let write = written(&RowBase::default(), &[], &[registered(), added("berlin")]);
    assert!(write.maps.changes.is_none());
    let berlin: Vec<Value> = vec!["acme".into(), "berlin".into(), r#""berlin""#.into()];
    assert_eq!(write.all_map_rows(), [vec![berlin], vec![]]);
}

#[test]
fn what_the_tables_hold_is_read_as_the_row_that_it_was() {
    let events = recorded(0, &[registered(), added("berlin"), added("dublin"), ada_added()]);
    let row = events.iter().fold(None, Groups::fold).unwrap();
    let StoredRow { values, maps } = StoredRow::of(&row);
    // As the database puts a map together.
    let object = |rows: &[Vec<Value>]| {
        let entries = rows.iter().map(|row| match (&row[1], &row[2]) {
            (Value::Text(key), Value::Text(value)) => format!("\"{key}\":{value}"),
            other => panic!("{other:?}"),
        });
        Value::from(format!("{{{}}}", entries.collect::<Vec<_>>().join(",")))
    };
    assert_eq!(object(&maps[0]), Value::json(&row.customer.entities));
    assert_eq!(object(&maps[1]), Value::json(&row.customer.users));
    let (own, end) = values.split_at(3);
    let selected = [own, &[object(&maps[0]), object(&maps[1])], end].concat();
    assert_eq!(Groups::row(selected), Ok(row));
}
