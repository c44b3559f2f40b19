//! Tests the timeline: an application's newest events, as JSON.

use super::*;
use crate::activity_log::{LogEntry, newest_first, timeline};

async fn changed_twice() -> World {
    let world = World::new().await;
    world
        .app(APP, &ada(), vec![created("acme", "Payroll Bridge"), invited()])
        .await;
    world.app(OTHER_APP, &ada(), vec![created("acme", "Other")]).await;
    world
        .app(APP, &ada(), vec![described("a", "b"), described("b", "c")])
        .await;
    world
}

async fn positions(world: &World, before: Option<i64>, limit: u32) -> Vec<i64> {
    let events = newest_first(&*world.database, APP, before, limit).await.unwrap();
    events.iter().map(|event| event.position).collect()
}

#[tokio::test]
async fn the_timeline_shows_the_newest_events_of_the_application_first() {
    let world = changed_twice().await;
    assert_eq!(positions(&world, None, 50).await, [5, 4, 2, 1]);
    assert_eq!(positions(&world, None, 2).await, [5, 4]);
    assert_eq!(positions(&world, Some(4), 2).await, [2, 1]);
    assert_eq!(positions(&world, Some(2), 2).await, [1]);
    assert_eq!(positions(&world, Some(1), 2).await, [0; 0]);
}

#[tokio::test]
async fn a_timeline_entry_has_the_contracts_fields_and_its_details_as_an_object() {
    let world = changed_twice().await;
    let entry = timeline(&world.stored().await[1], Uuid::nil().into()).unwrap();
    let fields: Vec<_> = entry.as_object().unwrap().keys().collect();
    assert_eq!(fields, LogEntry::COLUMNS.iter().collect::<Vec<_>>());
    assert_eq!(entry["details"]["email"], "dev@example.com");
    assert_eq!(entry["position"], 2);
    assert_eq!(entry["actor_type"], "group_user");
    assert_eq!(entry["app_name"], "Payroll Bridge");
    assert!(!entry.to_string().contains(DIGEST));
}
