//! Somebody who looks at credentials or downloads a log is in nobody's way, and nobody is in theirs.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures::FutureExt;
use gatebook::replay::{ExportedRange, verify_exported};
use gatebook_aggregates::integration_app::{IntegrationApp, IntegrationAppEvent};
use reqwest::Method;
use serde_json::json;

use super::tampered_rows::tools;
use crate::support::{Person, World, app_at, id, on_both_databases, portal_at};

on_both_databases! {
    looking_and_downloading_move_no_version_and_stand_in_the_log,
    a_save_is_not_refused_because_somebody_downloads_at_another_node_every_time,
    a_download_is_not_refused_because_somebody_saves_at_another_node_every_time,
    r21_whoever_has_lost_the_access_meanwhile_is_not_shown_the_credentials,
    commands_are_decided_without_the_looks_before_them,
}

fn at_node(person: &Person, node: &str) -> Person {
    Person {
        base_url: node.to_owned(),
        ..person.clone()
    }
}

async fn looking_and_downloading_move_no_version_and_stand_in_the_log(world: World) {
    let (ada, app, dev, _) = world.running("Payroll").await;
    let audrey = world.user("acme", "audrey").await;
    let etag = ada.get(&app_at(&app, "")).await.header("etag");
    dev.get(&portal_at(&app, "")).await.expect(200);
    audrey.get(&app_at(&app, "/activity-log")).await.expect(200);
    assert_eq!(ada.get(&app_at(&app, "")).await.header("etag"), etag);
    let named = [("if-match", etag.as_str())];
    let body = Some(json!({"description": "New words."}));
    let saved = ada
        .send(Method::PATCH, &app_at(&app, ""), body, &named)
        .await
        .expect(200);
    assert_ne!(saved.header("etag"), etag);
    assert_eq!(ada.get(&app_at(&app, "")).await.header("etag"), saved.header("etag"));

    let log = audrey
        .get_as("application/x-ndjson", &app_at(&app, "/activity-log"))
        .await
        .expect(200);
    assert!(
        verify_exported(log.text().as_bytes(), ExportedRange::default())
            .unwrap()
            .holds()
    );
    let message: Vec<_> = audrey.csv(&app_at(&app, "/activity-log")).await;
    let message: Vec<_> = message[message.len() - 5..]
        .iter()
        .map(|row| row["event"].as_str())
        .collect();
    let downloaded = "ActivityLogDownloaded";
    assert_eq!(
        message,
        [
            "CredentialsRevealed",
            downloaded,
            "DescriptionChanged",
            downloaded,
            downloaded
        ]
    );
    tools(&world).holds_together();
}

async fn a_save_is_not_refused_because_somebody_downloads_at_another_node_every_time(world: World) {
    let (ada, app, dev, _) = world.running("Payroll").await;
    let audrey = world.user("acme", "audrey").await;
    let (node, database) = world.interrupted_node().await;
    let log = app_at(&app, "/activity-log");
    database.before_every_write(move || {
        let (audrey, log) = (audrey.clone(), log.clone());
        async move {
            audrey.get(&log).await.expect(200);
            audrey.get("/api/v1/activity-log").await.expect(200);
        }
        .boxed()
    });
    let etag = ada.get(&app_at(&app, "")).await.header("etag");
    let named = [("if-match", etag.as_str())];
    let body = Some(json!({"description": "New words."}));
    let saved = at_node(&ada, &node)
        .send(Method::PATCH, &app_at(&app, ""), body, &named)
        .await;
    saved.expect(200);
    let secret = at_node(&dev, &node)
        .post(&portal_at(&app, "/client-secrets"), json!({}))
        .await;
    secret.expect(201);
    let entity = "/operator/api/v1/groups/acme/entities/e9";
    let put = at_node(&world.operator, &node)
        .put(entity, json!({"name": "Another"}))
        .await;
    assert!(put.status.is_success(), "{}", put.text());
    tools(&world).holds_together();
}

async fn a_download_is_not_refused_because_somebody_saves_at_another_node_every_time(world: World) {
    let (ada, app, dev, _) = world.running("Payroll").await;
    let audrey = world.user("acme", "audrey").await;
    let (node, database) = world.interrupted_node().await;
    let count = AtomicUsize::new(0);
    let path = app_at(&app, "");
    database.before_every_write(move || {
        let (ada, path, number) = (ada.clone(), path.clone(), count.fetch_add(1, Ordering::SeqCst));
        async move {
            let words = json!({"description": format!("Words {number}.")});
            ada.patch(&path, words).await.expect(200);
        }
        .boxed()
    });
    at_node(&dev, &node).get(&portal_at(&app, "")).await.expect(200);
    let downloaded = at_node(&audrey, &node).csv(&app_at(&app, "/activity-log")).await;
    assert_eq!(downloaded.last().unwrap()["event"], "ActivityLogDownloaded");
    assert_eq!(downloaded[downloaded.len() - 2]["event"], "DescriptionChanged");
    tools(&world).holds_together();
}

async fn r21_whoever_has_lost_the_access_meanwhile_is_not_shown_the_credentials(world: World) {
    let (ada, app, dev, _) = world.running("Payroll").await;
    let (node, database) = world.interrupted_node().await;
    let path = app_at(&app, "/developer/revoke");
    database.before_the_next_write(async move { drop(ada.post(&path, json!({})).await.expect(200)) });
    at_node(&dev, &node)
        .get(&portal_at(&app, ""))
        .await
        .refused(404, "not_found");
    assert!(database.has_happened());
}

async fn commands_are_decided_without_the_looks_before_them(world: World) {
    let (ada, app, ..) = world.running("Payroll").await;
    let audrey = world.user("acme", "audrey").await;
    let loaded = async || world.gatebook.log.load::<IntegrationApp>(id(&app)).await.unwrap();
    let before = loaded().await;
    for _ in 0..20 {
        audrey
            .get(&app_at(&app, "/activity-log?to=1971-01-01T00:00:00Z"))
            .await
            .expect(200);
    }
    let after = loaded().await;
    assert_eq!(after.history, before.history);
    assert_eq!(after.version(), before.version());
    ada.post(&app_at(&app, "/suspend"), json!({})).await.expect(200);
    let suspended = loaded().await;
    assert_eq!(suspended.history.len(), before.history.len() + 1);
    // It has its place in the application's gap-free sequence.
    assert_eq!(suspended.version(), before.version() + 21);
    let last = &suspended.history.last().unwrap().event;
    assert!(matches!(last, IntegrationAppEvent::ApplicationSuspended { .. }));
}
