//! A client secret that ends in the course of a rotation: the developer hears of it a day before.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Person, World, app_at, on_both_databases, portal_at};

on_both_databases! {
    r23_the_developer_is_told_a_day_before_a_secret_ends,
    r23_of_a_short_overlap_the_developer_is_told_at_once,
    r23_nobody_is_told_of_a_secret_that_ended_before,
    r21_r27_nobody_is_told_when_the_access_or_the_application_was_revoked,
}

/// Rotates the client secret: the ids of the older and of the newer one.
async fn rotated(dev: &Person, app: &Value, body: Value) -> (String, String) {
    let older = dev.get(&portal_at(app, "")).await.expect(200).json()["client_secrets"][0]["id"].clone();
    let issued = dev
        .post(&portal_at(app, "/client-secrets"), body)
        .await
        .expect(201)
        .json();
    let text = |id: &Value| id.as_str().unwrap().to_owned();
    (text(&older), text(&issued["client_secret_id"]))
}

/// The mails about secrets that are about to end.
async fn notices(world: &World) -> Vec<String> {
    let mails = world.mails().await.into_iter();
    let notices = mails.filter(|mail| mail.subject.contains("Client secret about to expire"));
    notices.map(|mail| mail.text).collect()
}

async fn r23_the_developer_is_told_a_day_before_a_secret_ends(world: World) {
    let (_, app, dev, client) = world.running("Payroll").await;
    rotated(&dev, &app, json!({})).await;
    world.pass(TimeDelta::hours(48) - TimeDelta::milliseconds(1));
    assert!(notices(&world).await.is_empty());
    world.pass(TimeDelta::milliseconds(1));
    let message = notices(&world).await;
    assert_eq!(message.len(), 1);
    assert!(
        message[0].contains("It expires on 26 November 2026, 09:00 UTC."),
        "{}",
        message[0]
    );
    assert!(
        message[0].contains(&client.1[..8]) && !message[0].contains(&client.1),
        "{}",
        message[0]
    );
    assert!(
        message[0].contains("Application: Payroll\nGroup: Acme Group\n"),
        "{}",
        message[0]
    );
    world.pass(TimeDelta::hours(48));
    assert_eq!(notices(&world).await.len(), 1);
}

async fn r23_of_a_short_overlap_the_developer_is_told_at_once(world: World) {
    let (_, app, dev, _) = world.running("Payroll").await;
    rotated(&dev, &app, json!({"overlap_seconds": 3600})).await;
    assert_eq!(notices(&world).await.len(), 1);
}

async fn r23_nobody_is_told_of_a_secret_that_ended_before(world: World) {
    let (_, app, dev, _) = world.running("Payroll").await;
    let (older, newer) = rotated(&dev, &app, json!({})).await;
    let secret_at = |id: &str| portal_at(&app, &format!("/client-secrets/{id}"));
    dev.delete(&secret_at(&older)).await.done();
    rotated(&dev, &app, json!({"overlap_seconds": 0})).await;
    dev.delete(&secret_at(&newer)).await;
    world.pass(TimeDelta::days(4));
    assert!(notices(&world).await.is_empty());
}

async fn r21_r27_nobody_is_told_when_the_access_or_the_application_was_revoked(world: World) {
    let (ada, app, dev, _) = world.running("Payroll").await;
    rotated(&dev, &app, json!({})).await;
    ada.post(&app_at(&app, "/developer/revoke"), json!({}))
        .await
        .expect(200);
    let other = world.created(&ada, "Other").await;
    world.verified(&dev, &other).await;
    world.client_secret(&dev, &other).await;
    rotated(&dev, &other, json!({})).await;
    ada.post(&app_at(&other, "/revoke"), json!({})).await.expect(200);
    world.pass(TimeDelta::days(4));
    assert!(notices(&world).await.is_empty());
}
