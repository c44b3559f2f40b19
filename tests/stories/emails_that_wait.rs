//! Letters that wait because the mail server is down: those that are no longer true by then are never sent.

use chrono::TimeDelta;
use serde_json::json;

use crate::support::mail_server::{MailServer, Manner};
use crate::support::{World, app_at, on_both_databases};

on_both_databases! {
    r18_of_an_invitation_that_was_resent_only_the_new_one_is_sent,
    r21_r27_nobody_is_invited_to_what_was_revoked,
    r16_only_the_newest_notice_about_an_otp_is_sent_and_none_once_it_is_verified,
    r21_nobody_is_told_of_a_revocation_that_was_undone,
    an_email_that_was_given_up_is_withdrawn_too,
    emails_about_another_application_stay,
}

const DEV: &str = "dev@example.com";

/// The subjects of the mails that were sent since the first so many.
async fn sent_after(world: &World, before: usize) -> Vec<String> {
    let mails = world.mails().await;
    mails.into_iter().skip(before).map(|mail| mail.subject).collect()
}

async fn r18_of_an_invitation_that_was_resent_only_the_new_one_is_sent(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    ada.post(&app_at(&app, "/developer/resend-invite"), json!({}))
        .await
        .expect(200);
    assert_eq!(sent_after(&world, 0).await, ["Developer Portal – Invitation"]);
    world.signed_up(DEV).await;
}

async fn r21_r27_nobody_is_invited_to_what_was_revoked(world: World) {
    let ada = world.ada().await;
    let (one, two) = (world.created(&ada, "One").await, world.created(&ada, "Two").await);
    ada.post(&app_at(&one, "/developer/revoke"), json!({}))
        .await
        .expect(200);
    ada.post(&app_at(&two, "/revoke"), json!({})).await.expect(200);
    let mut sent = sent_after(&world, 0).await;
    sent.sort();
    let message = [
        "Developer Portal – Access revoked: One",
        "Developer Portal – Application revoked: Two",
    ];
    assert_eq!(sent, message);
}

async fn r16_only_the_newest_notice_about_an_otp_is_sent_and_none_once_it_is_verified(world: World) {
    let (ada, _, dev, _) = world.running("First").await;
    let before = world.mails().await.len();
    let second = world.created(&ada, "Second").await;
    let reset = async || {
        let path = app_at(&second, "/developer/reset-otp");
        ada.post(&path, json!({})).await.expect(200).json()
    };
    reset().await;
    reset().await;
    let mut sent = sent_after(&world, before).await;
    sent.sort();
    let message = [
        "Developer Portal – Application assigned: Second",
        "Developer Portal – One-time password reset: Second",
    ];
    assert_eq!(sent, message);
    let mut newest = second.clone();
    newest["verification"] = reset().await["verification"].clone();
    world.verified(&dev, &newest).await;
    assert_eq!(sent_after(&world, before).await.len(), 2, "it is verified");
}

async fn r21_nobody_is_told_of_a_revocation_that_was_undone(world: World) {
    let (ada, app, ..) = world.running("Payroll").await;
    let before = world.mails().await.len();
    ada.post(&app_at(&app, "/developer/revoke"), json!({}))
        .await
        .expect(200);
    world.pass(TimeDelta::minutes(1));
    // R9: the same address, typed in another way.
    ada.post(&app_at(&app, "/developer"), json!({"email": DEV.to_uppercase()}))
        .await
        .expect(201);
    let sent = sent_after(&world, before).await;
    assert_eq!(sent, ["Developer Portal – Application assigned: Payroll"]);
}

async fn an_email_that_was_given_up_is_withdrawn_too(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    world.mails_go_to(&MailServer::start(Manner::Refuses(DEV)).await).await;
    let given_up = async || {
        let failed = world.operator.get("/operator/api/v1/outbox?state=failed").await;
        failed.expect(200).all("recipient")
    };
    assert_eq!(given_up().await, [DEV]);
    ada.post(&app_at(&app, "/developer/revoke"), json!({}))
        .await
        .expect(200);
    assert!(given_up().await.is_empty(), "{:?}", given_up().await);
}

async fn emails_about_another_application_stay(world: World) {
    let ada = world.ada().await;
    world.created(&ada, "One").await;
    let two = world.created(&ada, "Two").await;
    ada.post(&app_at(&two, "/revoke"), json!({})).await.expect(200);
    assert!(
        world
            .mails()
            .await
            .iter()
            .any(|mail| mail.text.contains("Application: One"))
    );
}
