//! A client secret that ends, in the course of a rotation or at its end date, and an application that does: the developer and the
//! group's admins hear of it before.

use chrono::TimeDelta;
use gatebook_aggregates::group::{Permission, Role};
use serde_json::{Value, json};

use crate::support::{Person, World, app_at, on_both_databases, portal_at};

on_both_databases! {
    r23_the_developer_is_told_a_day_before_a_secret_ends,
    r23_of_a_short_overlap_the_developer_is_told_at_once,
    r23_nobody_is_told_of_a_secret_that_ended_before,
    r21_r27_nobody_is_told_when_the_access_or_the_application_was_revoked,
    r23_of_an_end_date_everybody_is_told_14_and_3_and_1_days_before,
    an_end_of_the_application_is_told_and_moves_with_it,
    r2_r20_those_are_told_who_answer_for_the_application_by_then,
    r23_an_end_that_a_rotation_leaves_as_it_was_is_told_once,
    several_nodes_tell_everybody_once,
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

/// The mails to the developer about secrets that are about to end.
async fn notices(world: &World) -> Vec<String> {
    let mails = world.mails().await.into_iter();
    let notices =
        mails.filter(|mail| mail.to == "dev@example.com" && mail.subject.contains("Client secret about to expire"));
    notices.map(|mail| mail.text).collect()
}

/// The mails to an address about anything that is about to end.
async fn told(world: &World, address: &str) -> usize {
    let mails = world.mails().await.into_iter();
    let about_an_end = |subject: &str| subject.contains("about to expire") || subject.contains("about to end");
    mails
        .filter(|mail| mail.to == address && about_an_end(&mail.subject))
        .count()
}

const DEV: &str = "dev@example.com";
const ADA: &str = "ada@acme.example";
const MS: TimeDelta = TimeDelta::milliseconds(1);

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
    assert_eq!(told(&world, ADA).await, 0);
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

async fn r23_of_an_end_date_everybody_is_told_14_and_3_and_1_days_before(world: World) {
    let (_, app, dev, _) = world.running("Payroll").await;
    // Thirty days from now.
    let terms = json!({"overlap_seconds": 0, "ends_at": "2026-12-23T09:00:00Z"});
    dev.post(&portal_at(&app, "/client-secrets"), terms).await.expect(201);
    let both = async || (told(&world, DEV).await, told(&world, ADA).await);
    for (days, before) in [(16, 0), (11, 1), (2, 2)] {
        world.pass(TimeDelta::days(days) - MS);
        assert_eq!(both().await, (before, before), "{days}");
        world.pass(MS);
        assert_eq!(both().await, (before + 1, before + 1), "{days}");
    }
    world.pass(TimeDelta::days(2));
    assert_eq!(both().await, (3, 3));
    let mails = world.mails().await;
    let to_ada = mails.iter().rfind(|mail| mail.to == ADA).unwrap();
    assert_eq!(to_ada.subject, "Client secret about to expire: Payroll");
    assert!(
        to_ada.text.contains("It expires on 23 December 2026, 09:00 UTC."),
        "{}",
        to_ada.text
    );
    assert!(to_ada.link().ends_with("/secrets"), "{}", to_ada.text);
}

async fn an_end_of_the_application_is_told_and_moves_with_it(world: World) {
    let (ada, app, _, _) = world.running("Payroll").await;
    let ends = async |end: Value| ada.patch(&app_at(&app, ""), json!({"ends_at": end})).await.expect(200);
    let both = async || (told(&world, DEV).await, told(&world, ADA).await);
    ends(json!("2026-11-27T09:00:00Z")).await;
    world.pass(TimeDelta::days(1));
    assert_eq!(both().await, (1, 1), "three days before");
    let mail = world.last_mail_to(ADA).await;
    assert_eq!(mail.subject, "Application about to end: Payroll");
    assert!(
        mail.text.contains("It ends on 27 November 2026, 09:00 UTC."),
        "{}",
        mail.text
    );
    ends(json!("2026-12-27T09:00:00Z")).await;
    world.pass(TimeDelta::days(10));
    assert_eq!(both().await, (1, 1), "the older end is not told any more");
    world.pass(TimeDelta::days(9));
    assert_eq!(both().await, (2, 2), "14 days before the new one");
    ends(json!(null)).await;
    world.pass(TimeDelta::days(20));
    assert_eq!(both().await, (2, 2));
    ends(json!("2027-01-30T09:00:00Z")).await;
    ada.post(&app_at(&app, "/revoke"), json!({})).await.expect(200);
    world.pass(TimeDelta::days(60));
    assert_eq!(both().await, (2, 2), "what was revoked has ended already");
}

async fn r2_r20_those_are_told_who_answer_for_the_application_by_then(world: World) {
    let (ada, app, _, _) = world.running("Payroll").await;
    world
        .permit("acme", "ulf", Permission::ManageIntegrationApplications, true)
        .await;
    ada.patch(&app_at(&app, ""), json!({"ends_at": "2026-12-23T09:00:00Z"}))
        .await
        .expect(200);
    ada.post(&app_at(&app, "/developer/revoke"), json!({}))
        .await
        .expect(200);
    let next = json!({"email": "next@example.com"});
    ada.post(&app_at(&app, "/developer"), next).await.expect(201);
    world
        .permit("acme", "ulf", Permission::ManageIntegrationApplications, false)
        .await;
    world.add_user("acme", "nora", "Nora New", Role::PracticeAdmin).await;
    world.pass(TimeDelta::days(16));
    for (address, expected) in [
        (DEV, 0),
        ("next@example.com", 1),
        (ADA, 1),
        ("nora@acme.example", 1),
        ("ulf@acme.example", 0),
        ("audrey@acme.example", 0),
    ] {
        assert_eq!(told(&world, address).await, expected, "{address}");
    }
}

async fn r23_an_end_that_a_rotation_leaves_as_it_was_is_told_once(world: World) {
    let (_, app, dev, _) = world.running("Payroll").await;
    let terms = json!({"overlap_seconds": 0, "ends_at": "2026-11-25T09:00:00Z"});
    dev.post(&portal_at(&app, "/client-secrets"), terms).await.expect(201);
    world.pass(TimeDelta::days(1));
    assert_eq!((told(&world, DEV).await, told(&world, ADA).await), (1, 1));
    let dev = world.logged_in(DEV).await;
    rotated(&dev, &app, json!({})).await;
    world.pass(TimeDelta::days(4));
    assert_eq!((told(&world, DEV).await, told(&world, ADA).await), (1, 1));
}

async fn several_nodes_tell_everybody_once(world: World) {
    let (ada, app, _, _) = world.running("Payroll").await;
    ada.patch(&app_at(&app, ""), json!({"ends_at": "2026-12-23T09:00:00Z"}))
        .await
        .expect(200);
    world.mails().await;
    world.pass(TimeDelta::days(16));
    let outboxes: Vec<_> = (0..4).map(|_| world.another_outbox()).collect();
    let delivered = futures::future::join_all(outboxes.iter().map(|outbox| outbox.deliver_due())).await;
    assert!(delivered.iter().all(Result::is_ok));
    assert_eq!((told(&world, DEV).await, told(&world, ADA).await), (1, 1));
}
