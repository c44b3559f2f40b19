//! Nobody fills another's log: what somebody may change of one thing is generous, and has an end. What stops something has
//! none.

use chrono::TimeDelta;
use gatebook::throttle::Budget;
use gatebook::throttle::budgets::WRITES_BURST;
use serde_json::json;

use crate::support::{World, app_at, id, on_both_databases, portal_at};

on_both_databases! {
    whoever_changes_one_thing_very_often_is_slowed_down_and_can_still_stop_it,
}

async fn whoever_changes_one_thing_very_often_is_slowed_down_and_can_still_stop_it(world: World) {
    let (ada, app, dev, _) = world.running("Payroll").await;
    let other = world.created(&ada, "Other").await;
    // Creating it was a change, too, and one is left.
    for _ in 0..WRITES_BURST - 2 {
        let spent = world.gatebook.budgets.spend(Budget::Writes, "user acme/ada", id(&app));
        spent.unwrap().keep();
    }
    let edit = async |app| ada.patch(&app_at(app, ""), json!({"description": "Words."})).await;
    let log = app_at(&app, "/activity-log");
    ada.get(&log).await.expect(200);
    let told = edit(&app).await.refused(429, "too_many_requests");
    assert_eq!(told.header("retry-after"), "1");
    ada.get(&log).await.refused(429, "too_many_requests");
    // Another application, and another person, have budgets of their own.
    edit(&other).await.expect(200);
    dev.post(&portal_at(&app, "/client-secrets"), json!({}))
        .await
        .expect(201);
    // What stops something gets through.
    ada.post(&app_at(&app, "/suspend"), json!({})).await.expect(200);
    ada.post(&app_at(&app, "/resume"), json!({}))
        .await
        .refused(429, "too_many_requests");
    ada.post(&app_at(&app, "/developer/revoke"), json!({}))
        .await
        .expect(200);
    ada.post(&app_at(&app, "/revoke"), json!({})).await.expect(200);
    // What is refused, and what is so already, costs nothing.
    world.pass(TimeDelta::seconds(1));
    for _ in 0..3 {
        edit(&app).await.refused(409, "app_revoked");
    }
}
