//! R28: what applications were used for is in the log, a line a day.

use chrono::TimeDelta;
use gatebook::replay::{ExportedRange, Silent, verify_exported, verify_log};
use serde_json::{Value, json};

use crate::support::browser::Browser;
use crate::support::log::Row;
use crate::support::{Person, World, app_at, on_both_databases};

on_both_databases! {
    r28_a_day_of_a_group_is_one_event_after_it_is_over_and_a_line_of_each_application,
    r28_two_nodes_record_a_day_once,
    r28_a_node_that_died_after_the_event_leaves_nothing_to_record,
    r28_days_on_which_no_node_ran_are_recorded_later,
    what_is_written_after_a_day_is_closed_counts_for_the_day_of_writing,
    r29_the_line_is_in_every_form_of_the_log_and_its_hash_holds,
}

/// Ten minutes after the next midnight, to which it is fifteen hours from the beginning of a story.
const UNTIL_RECORDED: TimeDelta = TimeDelta::minutes(15 * 60 + 10);

/// How many events of usage there are.
const EVENTS: &str = "select count(*) from events where aggregate_type = 'Usage'";
/// How many days wait to be recorded.
const WAITING: &str = "select count(*) from usage_unrecorded";

/// So many checks that pass, and so many that do not; written.
async fn used(world: &World, token: &str, (allowed, refused): (usize, usize)) {
    for _ in 0..allowed {
        assert_eq!(world.gate(token, "e1", "read").await, "ok");
    }
    for _ in 0..refused {
        assert_eq!(world.gate(token, "e3", "read").await, "entity_not_assigned");
    }
    world.gatebook.write_usage().await.unwrap();
}

async fn recorded(world: &World) -> i64 {
    world.gatebook.record_usage().await.unwrap();
    world.number(EVENTS).await
}

async fn usage_rows(person: &Person, path: &str) -> Vec<Row> {
    let rows = person.csv(path).await.into_iter();
    rows.filter(|row| row["event"] == "UsageRecorded").collect()
}

/// The whole log can be verified, and what is folded from it is as it should be.
async fn log_holds(world: &World) {
    let database = &world.gatebook.log.database;
    let report = verify_log(database, &Silent).await.unwrap();
    assert!(report.all_equal(), "{report:?}");
}

fn summaries(rows: &[Row]) -> Vec<&str> {
    rows.iter().map(|row| row["summary"].as_str()).collect()
}

async fn r28_a_day_of_a_group_is_one_event_after_it_is_over_and_a_line_of_each_application(world: World) {
    let (ada, app, developer, client) = world.running("Payroll").await;
    let other = world.created(&ada, "Expenses").await;
    world.verified(&developer, &other).await;
    let other_client = world.client_secret(&developer, &other).await;
    let unused = world.created(&ada, "Unused").await;
    used(&world, &world.access_token(&client).await, (40, 7)).await;
    used(&world, &world.access_token(&other_client).await, (1, 0)).await;
    world.pass(UNTIL_RECORDED - TimeDelta::milliseconds(1));
    assert_eq!(recorded(&world).await, 0, "the day is not over for long enough");
    world.pass(TimeDelta::milliseconds(1));
    assert_eq!(recorded(&world).await, 1);
    assert_eq!(recorded(&world).await, 1);

    let of_app = usage_rows(&ada, &app_at(&app, "/activity-log")).await;
    let line = "Gatebook counted 40 calls allowed and 7 refused on 23 November 2026 (UTC).";
    assert_eq!(summaries(&of_app), [line]);
    assert_eq!(
        (of_app[0]["actor_type"].as_str(), of_app[0]["app_id"].as_str()),
        ("system", "")
    );
    let details: Value = serde_json::from_str(&of_app[0]["details"]).unwrap();
    assert_eq!(details["day"], "2026-11-23");
    let of_other = usage_rows(&ada, &app_at(&other, "/activity-log")).await;
    let line = "Gatebook counted 1 call allowed and 0 refused on 23 November 2026 (UTC).";
    assert_eq!(summaries(&of_other), [line]);
    assert!(usage_rows(&ada, &app_at(&unused, "/activity-log")).await.is_empty());
    let of_group = usage_rows(&ada, "/api/v1/activity-log").await;
    let line = "Gatebook counted 41 calls allowed and 7 refused of 2 applications on 23 November 2026 (UTC).";
    assert_eq!(summaries(&of_group), [line]);
    let pam_of_globex = world.user("globex", "pam").await;
    assert!(usage_rows(&pam_of_globex, "/api/v1/activity-log").await.is_empty());

    // Nothing of the application has changed.
    let again = ada.get(&app_at(&app, "")).await.expect(200).json();
    let before = ada
        .patch(&app_at(&app, ""), json!({"description": again["description"]}))
        .await;
    assert_eq!(before.expect(200).json()["version"], again["version"]);
    log_holds(&world).await;
}

async fn r28_two_nodes_record_a_day_once(world: World) {
    let (_, _, _, client) = world.running("Payroll").await;
    used(&world, &world.access_token(&client).await, (3, 0)).await;
    world.pass(UNTIL_RECORDED);
    let node = world.counted_node().await;
    let (one, other) = tokio::join!(world.gatebook.record_usage(), node.gatebook.record_usage());
    one.and(other).unwrap();
    assert_eq!((world.number(EVENTS).await, world.number(WAITING).await), (1, 0));

    // The other node is faster while this one is about to write.
    world.pass(TimeDelta::days(1));
    used(&world, &world.access_token(&client).await, (3, 0)).await;
    world.pass(TimeDelta::days(1));
    let faster = world.gatebook.clone();
    node.database
        .before_the_next_write(async move { faster.record_usage().await.unwrap() });
    node.gatebook.record_usage().await.unwrap();
    assert!(node.database.has_happened());
    assert_eq!((world.number(EVENTS).await, world.number(WAITING).await), (2, 0));
}

async fn r28_a_node_that_died_after_the_event_leaves_nothing_to_record(world: World) {
    let (_, _, _, client) = world.running("Payroll").await;
    used(&world, &world.access_token(&client).await, (3, 0)).await;
    world.pass(UNTIL_RECORDED);
    assert_eq!(recorded(&world).await, 1);
    // As if it had died between the event and the note that there is one.
    world
        .sql("insert into usage_unrecorded (day, group_id) values ('2026-11-23', 'acme')")
        .await;
    let node = world.counted_node().await;
    node.gatebook.record_usage().await.unwrap();
    assert_eq!((world.number(EVENTS).await, world.number(WAITING).await), (1, 0));
}

async fn r28_days_on_which_no_node_ran_are_recorded_later(world: World) {
    let (ada, app, _, client) = world.running("Payroll").await;
    used(&world, &world.access_token(&client).await, (1, 0)).await;
    world.pass(TimeDelta::days(1));
    used(&world, &world.access_token(&client).await, (2, 0)).await;
    world.pass(TimeDelta::days(5));
    assert_eq!(recorded(&world).await, 2);
    let rows = usage_rows(&ada, &app_at(&app, "/activity-log")).await;
    let lines = [
        "Gatebook counted 1 call allowed and 0 refused on 23 November 2026 (UTC).",
        "Gatebook counted 2 calls allowed and 0 refused on 24 November 2026 (UTC).",
    ];
    assert_eq!(summaries(&rows), lines);
}

async fn what_is_written_after_a_day_is_closed_counts_for_the_day_of_writing(world: World) {
    let (ada, app, _, client) = world.running("Payroll").await;
    let token = world.access_token(&client).await;
    let days = async || {
        let usage = ada.get(&app_at(&app, "/usage")).await.expect(200).json();
        let items = usage["items"].as_array().unwrap().iter();
        let items = items.filter(|step| step["checks_allowed"] != 0);
        items
            .map(|step| step["at"].as_str().unwrap()[..10].to_owned())
            .collect::<Vec<_>>()
    };
    world.pass(TimeDelta::hours(14) + TimeDelta::minutes(30));
    let token = match world.gate(&token, "e1", "read").await.as_str() {
        "ok" => token,
        _ => world.access_token(&client).await,
    };
    assert_eq!(world.gate(&token, "e1", "read").await, "ok");
    world.pass(TimeDelta::minutes(35) - TimeDelta::milliseconds(1));
    world.gatebook.write_usage().await.unwrap();
    assert_eq!(days().await, ["2026-11-23"]);
    world.pass(TimeDelta::hours(23));
    let token = world.access_token(&client).await;
    assert_eq!(world.gate(&token, "e1", "read").await, "ok");
    world.pass(TimeDelta::hours(1) + TimeDelta::milliseconds(1));
    world.gatebook.write_usage().await.unwrap();
    assert_eq!(days().await, ["2026-11-23", "2026-11-25"]);
    let entities = ada
        .get(&app_at(&app, "/usage/entities?from=2026-11-25"))
        .await
        .expect(200)
        .json();
    assert_eq!(entities["items"][0]["allowed"], 1);
}

async fn r29_the_line_is_in_every_form_of_the_log_and_its_hash_holds(world: World) {
    let (ada, app, _, client) = world.running("Payroll").await;
    used(&world, &world.access_token(&client).await, (40, 7)).await;
    world.pass(UNTIL_RECORDED);
    assert_eq!(recorded(&world).await, 1);
    let line = "Gatebook counted 40 calls allowed and 7 refused on 23 November 2026 (UTC).";

    let events = ada.get(&app_at(&app, "/events?limit=1")).await.expect(200).json();
    assert_eq!(events["items"][0]["summary"], line, "{events}");
    let more = events["next_cursor"].as_str().unwrap();
    let more = ada
        .get(&app_at(&app, &format!("/events?limit=200&cursor={more}")))
        .await
        .expect(200)
        .json();
    assert!(
        more["items"]
            .as_array()
            .unwrap()
            .iter()
            .all(|event| event["event"] != "UsageRecorded")
    );
    let lines = ada.ndjson(&app_at(&app, "/activity-log")).await;
    let positions: Vec<_> = lines.iter().map(|line| line["position"].as_i64().unwrap()).collect();
    assert!(positions.is_sorted(), "{positions:?}");
    let used: Vec<_> = lines.iter().filter(|line| line["event"] == "UsageRecorded").collect();
    assert_eq!((used.len(), used[0]["summary"].as_str().unwrap()), (1, line));
    assert_eq!(used[0]["stream"], "Usage/acme/2026-11-23");
    let mut browser = Browser::of_user(&world, "acme", "ada").await;
    let path = format!("/integration-applications/{}", app["id"].as_str().unwrap());
    browser.open(&path).await.expect(200).shows(line);

    // The files can be verified, and so can the whole log.
    for (file, path) in [
        ("app", app_at(&app, "/activity-log")),
        ("group", "/api/v1/activity-log".to_owned()),
    ] {
        let lines = ada.get_as("application/x-ndjson", &path).await.expect(200).text();
        let report = verify_exported(lines.as_bytes(), ExportedRange::default()).unwrap();
        assert!(report.holds() && report.is_whole(), "{file}");
    }
    log_holds(&world).await;
}
