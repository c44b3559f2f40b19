//! Issue 9: nothing that anybody asks for makes the log unreadable.

use chrono::TimeDelta;
use serde_json::json;

use crate::support::{World, app_at, on_both_databases};

on_both_databases! {
    an_auditor_with_a_leap_second_keeps_nobody_from_stopping_an_application,
    a_range_of_the_log_is_read_one_way_everywhere,
    a_range_that_ends_in_the_future_ends_now,
}

async fn an_auditor_with_a_leap_second_keeps_nobody_from_stopping_an_application(world: World) {
    let (ada, app, _, client) = world.running("Payroll Bridge").await;
    let audrey = world.user("acme", "audrey").await;
    let token = world.access_token(&client).await;
    let to = "?to=9999-12-31T23:59:60Z";
    for path in [
        app_at(&app, &format!("/activity-log{to}")),
        format!("/api/v1/activity-log{to}"),
    ] {
        audrey.get(&path).await.refused(422, "invalid_to");
    }
    ada.patch(&app_at(&app, ""), json!({"description": "Still ours."}))
        .await
        .expect(200);
    ada.post(&app_at(&app, "/suspend"), json!({})).await.expect(200);
    ada.post(&app_at(&app, "/revoke"), json!({})).await.expect(200);
    assert_eq!(world.gate(&token, "e1", "read").await, "app_revoked");
}

/// Of each, what is wrong and the code.
const NO_RANGES: [(&str, &str); 14] = [
    ("from=2016-12-31T23:59:60Z", "invalid_from"),
    ("to=2026-11-23T24:00:00Z", "invalid_to"),
    ("to=9999-01-01T00:00:00Z", "invalid_to"),
    ("to=9998-12-31T23:59:59-00:01", "invalid_to"),
    ("from=1969-12-31T23:59:59.999Z", "invalid_from"),
    ("from=1970-01-01T00:00:00%2B00:01", "invalid_from"),
    ("from=0001-01-01T00:00:00Z", "invalid_from"),
    ("from=2026-11-23", "invalid_from"),
    ("from=2026-11-23T09:15:00", "invalid_from"),
    ("from=1763889300", "invalid_from"),
    ("to=%2B10000-01-01T00:00:00Z", "invalid_to"),
    ("to=2026-11-23T10:15:00+01:00", "invalid_to"),
    ("from=2026-11-23T09:15:00Z&to=2026-11-23T09:14:59.999Z", "invalid_to"),
    ("from=2026-11-23T09:15:00Z&to=2026-11-23T10:14:59%2B01:00", "invalid_to"),
];

async fn a_range_of_the_log_is_read_one_way_everywhere(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll Bridge").await;
    let before = world.traces().await;
    for (range, code) in NO_RANGES {
        for path in [
            app_at(&app, &format!("/activity-log?{range}")),
            format!("/api/v1/activity-log?{range}"),
        ] {
            ada.get(&path).await.refused(422, code);
        }
    }
    assert_eq!(world.traces().await, before, "what is refused leaves no trace");
    let unencoded = ada
        .get("/api/v1/activity-log?to=2026-11-23T10:15:00+01:00")
        .await
        .refused(422, "invalid_to");
    assert!(unencoded.text().contains("%2B"), "{}", unencoded.text());
    for day in [
        "created_from=2016-12-31T23:59:60Z",
        "created_to=9999-01-01",
        "created_from=1969-12-31",
    ] {
        ada.get(&format!("/api/v1/integration-apps?{day}")).await.expect(422);
    }
    // An offset is converted, and the ends of the calendar are times like others.
    let range = "from=1970-01-01T00:00:00Z&to=9998-12-31T23:59:59.999Z";
    assert_eq!(ada.csv(&app_at(&app, &format!("/activity-log?{range}"))).await.len(), 3);
    let same = "from=2026-11-23T10:00:00%2B01:00&to=2026-11-23T09:00:00.001Z";
    let rows = ada.csv(&app_at(&app, &format!("/activity-log?{same}"))).await;
    assert_eq!(rows[0]["event"], "NewIntegrationCreated");
    assert_eq!(
        ada.csv(&app_at(
            &app,
            "/activity-log?from=2026-11-23T09:00:00Z&to=2026-11-23T09:00:00Z"
        ))
        .await
        .len(),
        0
    );
}

async fn a_range_that_ends_in_the_future_ends_now(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll Bridge").await;
    world.pass(TimeDelta::minutes(1));
    let rows = ada.csv(&app_at(&app, "/activity-log?to=2100-01-01T00:00:00Z")).await;
    let events: Vec<_> = rows.iter().map(|row| row["event"].as_str()).collect();
    assert_eq!(
        events,
        ["NewIntegrationCreated", "DeveloperInvited", "ActivityLogDownloaded"]
    );
}
