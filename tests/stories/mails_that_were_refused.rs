//! A mail to a developer that no mail server takes: the group's admins are told, and so are operators.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::mail_server::{MailServer, Manner};
use crate::support::{World, app_at, on_both_databases};

on_both_databases! {
    an_invitation_that_was_refused_is_shown_on_the_application_until_it_is_delivered,
    an_invitation_to_an_address_that_no_server_of_ours_can_write_to_is_shown_on_the_application,
    a_mail_to_a_developer_with_an_account_that_was_refused_is_shown_too,
    the_problem_is_gone_with_the_developer,
    operators_read_the_outbox_page_by_page_with_what_there_is_in_all,
    operators_retry_all_mails_that_failed_at_once,
}

const DEV: &str = "dev@example.com";

/// What the admins of the group are told.
async fn problem(world: &World, app: &Value) -> Value {
    let ada = world.ada().await;
    let developer = ada.get(&app_at(app, "/developer")).await.expect(200).json();
    developer["mail_problem"].clone()
}

async fn an_invitation_that_was_refused_is_shown_on_the_application_until_it_is_delivered(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    assert_eq!(problem(&world, &app).await, Value::Null, "it is on its way");
    world.pass(TimeDelta::seconds(5));
    world.mails_go_to(&MailServer::start(Manner::Refuses(DEV)).await).await;
    let message = problem(&world, &app).await;
    assert_eq!(message["at"], "2026-11-23T09:00:05.000Z");
    assert_eq!(
        (&message["mail"], &message["kind"]),
        (&json!("invitation"), &json!("address_refused"))
    );
    let detail = message["detail"].as_str().unwrap();
    assert!(detail.contains("does not accept e-mail for this address"), "{detail}");
    assert!(
        !message.to_string().contains("550"),
        "the server's own words are for operators"
    );

    world.pass(TimeDelta::minutes(1));
    ada.post(&app_at(&app, "/developer/resend-invite"), json!({}))
        .await
        .expect(200);
    assert_eq!(problem(&world, &app).await, Value::Null, "another one is on its way");
    world.mails_go_to(&MailServer::start(Manner::Refuses(DEV)).await).await;
    assert_eq!(problem(&world, &app).await["kind"], "address_refused");
    world
        .operator
        .post("/operator/api/v1/outbox/retry", json!({}))
        .await
        .expect(200);
    world.mails_go_to(&MailServer::start(Manner::Takes).await).await;
    assert_eq!(problem(&world, &app).await, Value::Null, "it was taken");
}

async fn an_invitation_to_an_address_that_no_server_of_ours_can_write_to_is_shown_on_the_application(world: World) {
    let ada = world.ada().await;
    let mut form = World::new_integration("Payroll");
    form["developer_email"] = json!("dév@example.com");
    let app = ada.post(crate::support::APPS, form).await.expect(201).json();
    world.mails_go_to(&MailServer::start(Manner::Takes).await).await;
    let message = problem(&world, &app).await;
    assert_eq!(message["kind"], "address_unsupported", "{message}");
}

async fn a_mail_to_a_developer_with_an_account_that_was_refused_is_shown_too(world: World) {
    let ada = world.ada().await;
    world.created(&ada, "First").await;
    let dev = world.signed_up(DEV).await;
    world.pass(TimeDelta::minutes(1));
    let app = world.created(&ada, "Second").await;
    world.mails_go_to(&MailServer::start(Manner::Refuses(DEV)).await).await;
    assert_eq!(problem(&world, &app).await["mail"], "application_assigned");
    world.verified(&dev, &app).await;
    assert_eq!(problem(&world, &app).await, Value::Null, "they know of it");
}

async fn the_problem_is_gone_with_the_developer(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    world.mails_go_to(&MailServer::start(Manner::Refuses(DEV)).await).await;
    ada.post(&app_at(&app, "/developer/revoke"), json!({}))
        .await
        .expect(200);
    assert_eq!(problem(&world, &app).await, Value::Null);
    ada.post(&app_at(&app, "/developer"), json!({"email": "right@example.com"}))
        .await
        .expect(201);
    world.mails_go_to(&MailServer::start(Manner::Refuses(DEV)).await).await;
    assert_eq!(problem(&world, &app).await, Value::Null);
}

async fn operators_read_the_outbox_page_by_page_with_what_there_is_in_all(world: World) {
    let ada = world.ada().await;
    for number in 0..3 {
        world.pass(TimeDelta::seconds(1));
        world.created(&ada, &format!("App {number}")).await;
    }
    world.pass(TimeDelta::seconds(60));
    let read = async |query: &str| {
        let path = format!("/operator/api/v1/outbox?limit=2{query}");
        world.operator.get(&path).await.expect(200).json()
    };
    let first = read("").await;
    assert_eq!(first["items"].as_array().unwrap().len(), 2);
    assert_eq!(first["totals"], json!({"pending": 3, "sent": 0, "failed": 0}));
    assert_eq!(first["oldest_waiting_since"], "2026-11-23T09:00:01.000Z");
    assert_eq!(first["oldest_waiting_seconds"], 62);
    let cursor = first["next_cursor"].as_str().unwrap();
    let last = read(&format!("&cursor={cursor}")).await;
    assert_eq!(
        (last["items"].as_array().unwrap().len(), &last["next_cursor"]),
        (1, &Value::Null)
    );
    assert_ne!(last["items"][0]["id"], first["items"][1]["id"]);
    world.mails_go_to(&MailServer::start(Manner::Takes).await).await;
    let sent = read("&state=pending").await;
    assert_eq!(sent["totals"], json!({"pending": 0, "sent": 3, "failed": 0}));
    assert_eq!(sent["oldest_waiting_since"], Value::Null);
    world
        .operator
        .get("/operator/api/v1/outbox?cursor=nonsense")
        .await
        .refused(422, "invalid_cursor");
}

async fn operators_retry_all_mails_that_failed_at_once(world: World) {
    let ada = world.ada().await;
    for name in ["One", "Two"] {
        world.created(&ada, name).await;
    }
    world.mails_go_to(&MailServer::start(Manner::Refuses(DEV)).await).await;
    let retry = async || {
        let answer = world.operator.post("/operator/api/v1/outbox/retry", json!({})).await;
        answer.expect(200).json()["retried"].clone()
    };
    assert_eq!((retry().await, retry().await), (json!(2), json!(0)));
    assert_eq!(world.mails().await.len(), 2);
    ada.post("/operator/api/v1/outbox/retry", json!({}))
        .await
        .refused(401, "unauthenticated");
}
