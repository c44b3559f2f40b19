//! R29: the log as a file: the same bytes for the same range, and nothing in it that acts.

use std::pin::pin;
use std::time::Duration;

use chrono::TimeDelta;
use futures::poll;
use gatebook::application::{Caller, Failure, Wanted};
use gatebook_aggregates::identifiers::AppId;
use gatebook_aggregates::log_format::LogFormat;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{APPS, Answer, Person, World, app_at, id, on_both_databases, portal_at};

on_both_databases! {
    r29_the_same_range_is_the_same_bytes,
    r29_no_cell_can_act_as_a_formula,
    r29_the_file_is_a_download_with_a_name,
    r29_the_ndjson_holds_the_same_untouched,
    r29_the_hash_chain_can_be_followed,
    r29_a_range_begins_inclusively_and_ends_exclusively,
    r28_one_download_is_one_event_also_in_parts,
    r28_nobody_waits_for_the_parts_of_another_download,
    r28_whoever_asks_for_the_headers_only_leaves_no_event,
}

async fn r29_the_same_range_is_the_same_bytes(world: World) {
    let (ada, audrey) = (world.ada().await, world.user("acme", "audrey").await);
    let app = world.created(&ada, "Payroll").await;
    world.pass(TimeDelta::minutes(1));
    let range = "?from=2026-11-23T09:00:00Z&to=2026-11-23T09:01:00Z";
    for path in [
        app_at(&app, &format!("/activity-log{range}")),
        format!("/api/v1/activity-log{range}"),
    ] {
        for accept in ["text/csv", "application/x-ndjson"] {
            let first = ada.get_as(accept, &path).await.expect(200);
            ada.patch(&app_at(&app, ""), json!({"description": path, "category": "other"}))
                .await
                .expect(200);
            world.pass(TimeDelta::minutes(1));
            let second = audrey.get_as(accept, &path).await.expect(200);
            assert!(first.body.len() > 100);
            assert_eq!(first.body, second.body);
        }
    }
}

async fn r29_no_cell_can_act_as_a_formula(world: World) {
    let ada = world.ada().await;
    for name in ["=HYPERLINK(1)", "+1", "-1+1", "@SUM(1)", "=a,\"b\""] {
        let app = ada
            .post(
                APPS,
                World::with(World::new_integration(name), json!({"description": "=1\r\n=2"})),
            )
            .await;
        let app = app.expect(201).json();
        let rows = ada.csv(&app_at(&app, "/activity-log")).await;
        for row in &rows {
            assert_eq!(row["app_name"], format!("'{name}"));
            for (column, cell) in row {
                assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{column}: {cell}");
            }
        }
        assert_eq!(ada.ndjson(&app_at(&app, "/activity-log")).await[0]["app_name"], name);
        let raw = ada.get(&app_at(&app, "/activity-log")).await.text();
        assert!(raw.lines().all(|line| !line.starts_with('=')), "{raw}");
        assert_eq!(
            raw.matches('\n').count(),
            raw.matches("\r\n").count(),
            "lines end with CRLF"
        );
    }
}

async fn r29_the_file_is_a_download_with_a_name(world: World) {
    let ada = world.ada().await;
    let name = "=HYPERLINK(\"x\") / ../Löhne; \\ 👩‍💻";
    let app = world.created(&ada, name).await;
    for (path, accept, kind, end) in [
        (app_at(&app, "/activity-log"), "text/csv", "text/csv", ".csv\""),
        (
            app_at(&app, "/activity-log"),
            "application/x-ndjson",
            "application/x-ndjson",
            ".ndjson\"",
        ),
        ("/api/v1/activity-log".to_owned(), "*/*", "text/csv", ".csv\""),
    ] {
        let answer = ada.get_as(accept, &path).await.expect(200);
        assert!(answer.header("content-type").starts_with(kind));
        let disposition = answer.header("content-disposition");
        assert!(
            disposition.starts_with("attachment; filename=\"") && disposition.ends_with(end),
            "{disposition}"
        );
        let file = disposition
            .trim_start_matches("attachment; filename=\"")
            .trim_end_matches('"');
        assert!(
            file.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b)) && !file.starts_with('.'),
            "{file}"
        );
    }
    ada.get_as("text/html", &app_at(&app, "/activity-log"))
        .await
        .refused(406, "not_acceptable");
}

async fn r29_the_ndjson_holds_the_same_untouched(world: World) {
    let (ada, app, ..) = world.running("Payroll").await;
    world.pass(TimeDelta::minutes(1));
    let path = app_at(&app, "/activity-log?to=2026-11-23T09:01:00Z");
    let (rows, entries) = (ada.csv(&path).await, ada.ndjson(&path).await);
    assert_eq!(rows.len(), entries.len());
    for (row, entry) in rows.iter().zip(&entries) {
        for (column, cell) in row {
            let message = match &entry[column] {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            assert_eq!(&message, cell, "{column}");
        }
    }
}

async fn r29_the_hash_chain_can_be_followed(world: World) {
    let (ada, app, ..) = world.running("Payroll").await;
    let rows = ada.csv(&app_at(&app, "/activity-log")).await;
    for pair in rows.windows(2) {
        assert_eq!(pair[1]["previous_hash"], pair[0]["hash"]);
    }
    let is_hex = |hash: &str| hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit());
    assert!(rows.iter().all(|row| is_hex(&row["hash"])));
}

async fn r29_a_range_begins_inclusively_and_ends_exclusively(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    world.pass(TimeDelta::milliseconds(1));
    ada.post(&app_at(&app, "/suspend"), json!({})).await.expect(200);
    world.pass(TimeDelta::hours(1));
    let events = async |range: &str| {
        let rows = ada.csv(&app_at(&app, &format!("/activity-log?{range}"))).await;
        rows.into_iter().map(|row| row["event"].clone()).collect::<Vec<_>>()
    };
    let created = ["NewIntegrationCreated", "DeveloperInvited"];
    assert_eq!(
        events("from=2026-11-23T09:00:00.000Z&to=2026-11-23T09:00:00.001Z").await,
        created
    );
    assert_eq!(
        events("from=2026-11-23T09:00:00.001Z&to=2026-11-23T09:00:00.002Z").await,
        ["ApplicationSuspended"]
    );
    assert_eq!(
        events("from=2026-11-23T10:00:00.001%2B01:00&to=2026-11-23T09:30:00Z").await,
        ["ApplicationSuspended"]
    );
    assert!(events("to=2026-11-23T09:00:00Z").await.is_empty());
    assert!(events("from=2030-01-01T00:00:00Z").await.is_empty());
    let before = world.traces().await;
    for (bad, code) in [
        ("from=yesterday", "invalid_from"),
        ("to=2026", "invalid_to"),
        ("until=x", "unknown_field"),
    ] {
        ada.get(&app_at(&app, &format!("/activity-log?{bad}")))
            .await
            .refused(422, code);
    }
    assert_eq!(world.traces().await, before);
}

async fn r28_one_download_is_one_event_also_in_parts(world: World) {
    let (ada, audrey) = (world.ada().await, world.user("acme", "audrey").await);
    let app = world.created(&ada, "Payroll").await;
    let count = async |event: &str| {
        let sql = format!("select count(*) from events where event_type = '{event}'");
        world.number(&sql).await
    };
    for (path, event) in [
        (app_at(&app, "/activity-log"), "ActivityLogDownloaded"),
        ("/api/v1/activity-log".to_owned(), "GroupActivityLogDownloaded"),
    ] {
        let part = async |person: &Person, range: &str| {
            let headers = [("Range", range)];
            person.send(Method::GET, &path, None, &headers).await.expect(200)
        };
        let first = part(&ada, "bytes=0-99").await;
        assert_eq!(first.header("accept-ranges"), "none");
        ada.patch(&app_at(&app, ""), json!({"description": event})).await.done();
        // The same bytes as the download that it goes on with.
        assert_eq!(part(&ada, "bytes=100-").await.body, first.body);
        assert_eq!(count(event).await, 1);
        // Somebody else's download is another one, and so are a whole one, and one long after.
        part(&audrey, "bytes=100-").await;
        assert_eq!(count(event).await, 2);
        ada.get(&path).await.expect(200);
        assert_eq!(count(event).await, 3);
        world.pass(TimeDelta::hours(2));
        part(&ada, "bytes=100-").await;
        assert_eq!(count(event).await, 4);
        let other = world.user("globex", "pam").await;
        let headers = [("Range", "bytes=0-")];
        if event == "ActivityLogDownloaded" {
            other
                .send(Method::GET, &path, None, &headers)
                .await
                .refused(404, "not_found");
        }
    }
}

async fn r28_nobody_waits_for_the_parts_of_another_download(world: World) {
    let ada = world.ada().await;
    let (app, other) = (world.created(&ada, "Payroll").await, world.created(&ada, "Stock").await);
    let asks_for_a_part = async |user: &str| Caller {
        wants: Wanted::Part,
        ..world.as_user("acme", user).await
    };
    let part = async |caller: &Caller, app: &Value| -> Result<i64, Failure> {
        let app_id: AppId = id(app).parse().unwrap();
        let recorded = world
            .gatebook
            .record_app_log_download(caller, app_id, LogFormat::Csv, None, None);
        Ok(recorded.await?.up_to_position)
    };
    world.user("acme", "audrey").await;
    let (ada, audrey) = (asks_for_a_part("ada").await, asks_for_a_part("audrey").await);
    let mut slow = pin!(part(&ada, &app));
    assert!(poll!(&mut slow).is_pending());
    let mut same = pin!(part(&ada, &app));
    assert!(poll!(&mut same).is_pending());
    for (caller, app) in [(&audrey, &app), (&ada, &other)] {
        let in_time = tokio::time::timeout(Duration::from_secs(20), part(caller, app)).await;
        in_time.unwrap().unwrap();
    }
    assert!(poll!(&mut same).is_pending());
    let slow = slow.await.unwrap();
    assert_eq!(same.await.unwrap(), slow, "one event");
}

async fn r28_whoever_asks_for_the_headers_only_leaves_no_event(world: World) {
    let (ada, app, dev, _) = world.running("Payroll").await;
    let stranger = world.user("globex", "pam").await;
    let before = world.traces().await;
    let head = async |person: &Person, path: &str| {
        let request = world
            .request(Method::HEAD, path)
            .bearer_auth(person.token.as_ref().unwrap());
        Answer::read(request.send().await.unwrap()).await
    };
    for path in [
        app_at(&app, "/activity-log"),
        "/api/v1/activity-log".to_owned(),
        app_at(&app, "/events"),
        app_at(&app, ""),
    ] {
        assert_eq!(head(&ada, &path).await.status, 200, "{path}");
    }
    assert_eq!(head(&dev, &portal_at(&app, "")).await.status, 200);
    // It is decided like the whole.
    assert_eq!(head(&stranger, &app_at(&app, "/activity-log")).await.status, 404);
    assert_eq!(head(&ada, &portal_at(&app, "")).await.status, 401);
    assert_eq!(world.traces().await, before);
}
