//! An event was quarantined, and somebody has put another one in its place: the operator has not named that one.

use gatebook::log::hash_chain::{EventParts, hash_of};
use gatebook::log::read;
use serde_json::json;

use super::tampered_log::{as_superuser, found, set};
use super::tampered_rows::tools;
use super::unreadable_events::{RENAMED, quarantine};
use crate::support::foreign_event::append_foreign;
use crate::support::{World, app_at, id, on_both_databases};

on_both_databases!(an_event_in_the_place_of_one_that_was_quarantined_is_not_passed_over);

/// Puts a payload and a hash into an event's place.
async fn replace(world: &World, position: i64, payload: &str, hash: &str) {
    let payload = set(world, "payload", &format!("'{payload}'"));
    let order = format!("update events set {payload}, hash = '{hash}' where position = {position}");
    as_superuser(world, &order).await;
}

async fn an_event_in_the_place_of_one_that_was_quarantined_is_not_passed_over(world: World) {
    let (ada, app, ..) = world.running("Payroll Bridge").await;
    let position = append_foreign(world.database(), "IntegrationApp", id(&app), RENAMED).await;
    quarantine(&world, position).await.unwrap();
    let tools = tools(&world);
    tools.holds_together();
    let stream = read::stream(world.database(), "IntegrationApp", id(&app))
        .await
        .unwrap();
    let named = stream.last().unwrap().clone();

    // With a hash that continues the chain, and as bytes that have no hash of their own.
    let mut other = named.clone();
    other.payload = RENAMED.replace("Bridge\"}", "Backdoor\"}");
    other.hash = hash_of(&other, &EventParts::of(&other).unwrap());
    let no_fact = RENAMED.replace(':', ": ");
    for (payload, hash) in [(&other.payload, &other.hash), (&no_fact, &named.hash)] {
        assert_ne!(*payload, named.payload);
        replace(&world, position, payload, hash).await;
        let at = format!("position {position}");
        for command in ["log", "projections"] {
            found(tools.run(&[command, "verify"]), &[&at, "IntegrationApp", id(&app)]);
        }
        ada.patch(&app_at(&app, ""), json!({"description": "New."}))
            .await
            .refused(409, "unreadable_event");
    }
    replace(&world, position, &named.payload, &named.hash).await;
    tools.holds_together();
}
