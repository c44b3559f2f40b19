//! What needs attention: the list, the application, the portal and the filter say the same, and whoever chose so is written to.

use chrono::TimeDelta;
use gatebook_aggregates::group::{AttentionMails, Permission};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::mail_server::{MailServer, Manner};
use crate::support::mailbox::Mail;
use crate::support::{APPS, Person, World, app_at, on_both_databases, portal_at};

on_both_databases! {
    an_invitation_that_expires_is_told_of_everywhere,
    a_new_invite_and_otp_come_in_one_step_with_one_mail,
    a_new_invite_and_otp_are_made_once_for_a_key,
    a_locked_otp_is_told_of_everywhere_and_mailed_at_once_to_those_who_chose_so,
    nobody_is_mailed_of_a_locked_otp_that_is_reset_before_the_mail_leaves,
    a_mail_that_was_refused_needs_attention_until_it_is_delivered,
    a_secret_ends_soon_in_its_last_day,
    an_application_ends_today_in_its_last_day_and_then_waits_for_nobody,
    an_application_without_an_entity_of_its_group_needs_attention,
    what_is_never_used_needs_attention_after_a_week_and_what_was_used_after_90_days,
    what_is_suspended_revoked_or_off_the_plan_needs_nothing,
    a_digest_is_mailed_once_a_day_by_whichever_node,
    a_digest_is_for_those_who_may_see_what_is_in_it,
    the_filter_takes_codes_and_nothing_else,
}

const DEV: &str = "dev@example.com";

/// The codes of an application, which the list and the filter agree with.
async fn attention(ada: &Person, app: &Value) -> Vec<String> {
    let id = &app["id"];
    let shown = ada.get(&app_at(app, "")).await.expect(200).json()["attention"].clone();
    let codes: Vec<String> = serde_json::from_value(shown.clone()).unwrap();
    let listed = ada.get(APPS).await.expect(200).json();
    let listed = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|item| item["id"] == *id);
    assert_eq!(listed.unwrap()["attention"], shown);
    for code in [
        "otp_locked",
        "mail_refused",
        "access_ends_today",
        "secret_ends_soon",
        "invitation_expired",
        "otp_expired",
        "no_entities",
        "never_used",
        "unused_90_days",
        "any",
    ] {
        let found = ada.get(&format!("{APPS}?attention={code}")).await.expect(200).json();
        let is_found = found["items"].as_array().unwrap().iter().any(|item| item["id"] == *id);
        let holds = codes.iter().any(|held| held == code || code == "any");
        assert_eq!(is_found, holds, "{code} of {codes:?}");
    }
    codes
}

async fn an_invitation_that_expires_is_told_of_everywhere(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    world.pass(TimeDelta::hours(72) - TimeDelta::milliseconds(1));
    assert!(attention(&ada, &app).await.is_empty());
    world.pass(TimeDelta::milliseconds(1));
    assert_eq!(attention(&ada, &app).await, ["invitation_expired", "otp_expired"]);
    ada.post(&app_at(&app, "/developer/resend-invite"), json!({}))
        .await
        .expect(200);
    assert_eq!(attention(&ada, &app).await, ["otp_expired"]);
    ada.post(&app_at(&app, "/developer/reset-otp"), json!({}))
        .await
        .expect(200);
    assert!(attention(&ada, &app).await.is_empty());
}

async fn a_new_invite_and_otp_come_in_one_step_with_one_mail(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    let old = world.last_mail_to(DEV).await.invite_token();
    world.pass(TimeDelta::hours(72));
    let before = world.mails().await.len();
    let made = ada
        .post(&app_at(&app, "/developer/invite-anew"), json!({}))
        .await
        .expect(200)
        .json();
    assert_eq!(made["invite_expires_at"], "2026-11-29T09:00:00.000Z");
    assert_eq!(made["otp_expires_at"], made["invite_expires_at"]);
    assert!(attention(&ada, &app).await.is_empty());
    let mails = world.mails().await;
    assert_eq!(mails.len(), before + 1, "one mail tells of both");
    assert!(
        !mails
            .last()
            .unwrap()
            .text
            .contains(made["verification"]["otp"].as_str().unwrap())
    );
    let body = json!({"invite_token": old});
    world
        .anybody()
        .post("/portal/api/v1/sign-up/code", body)
        .await
        .refused(404, "invite_unknown");
    let dev = world.signed_up(DEV).await;
    dev.post(&portal_at(&app, "/verify"), json!({"otp": app["verification"]["otp"]}))
        .await
        .refused(422, "otp_wrong");
    dev.post(&portal_at(&app, "/verify"), json!({"otp": made["verification"]["otp"]}))
        .await
        .expect(200);
    ada.post(&app_at(&app, "/developer/invite-anew"), json!({}))
        .await
        .refused(409, "developer_already_signed_up");
}

async fn a_new_invite_and_otp_are_made_once_for_a_key(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    let path = app_at(&app, "/developer/invite-anew");
    let by_key = async |key: &str| {
        let headers = [("Idempotency-Key", key)];
        let answer = ada.send(Method::POST, &path, Some(json!({})), &headers).await;
        answer.expect(200).json()
    };
    let first = by_key("n-1").await;
    assert_eq!(by_key("n-1").await, first);
    assert_ne!(by_key("n-2").await["verification"], first["verification"]);
    // The older ones were withdrawn before they left.
    assert_eq!(world.mails().await.iter().filter(|mail| mail.to == DEV).count(), 1);
}

/// Mistypes the OTP five times.
async fn lock(dev: &Person, app: &Value) {
    for _ in 0..5 {
        dev.post(&portal_at(app, "/verify"), json!({"otp": "WRNG-WRNG"}))
            .await
            .refused(422, "otp_wrong");
    }
}

async fn choose(world: &World, user: &str, daily: bool, otp_locked: bool) {
    let caller = world.as_user("acme", user).await;
    let mails = AttentionMails { daily, otp_locked };
    world.gatebook.choose_attention_mails(&caller, mails).await.unwrap();
}

async fn mails_about(world: &World, subject: &str) -> Vec<Mail> {
    let mails = world.mails().await.into_iter();
    mails.filter(|mail| mail.subject.contains(subject)).collect()
}

async fn a_locked_otp_is_told_of_everywhere_and_mailed_at_once_to_those_who_chose_so(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    let dev = world.signed_up(DEV).await;
    for user in ["ada", "audrey", "pam"] {
        choose(&world, user, false, user != "pam").await;
    }
    lock(&dev, &app).await;
    assert_eq!(attention(&ada, &app).await, ["otp_locked"]);
    let home = dev.get("/portal/api/v1/apps").await.expect(200).json();
    assert_eq!(home["otp_verification_needed"][0]["attention"], json!(["otp_locked"]));
    let mails = mails_about(&world, "OTP locked: Payroll").await;
    let mut to: Vec<_> = mails.iter().map(|mail| mail.to.as_str()).collect();
    to.sort_unstable();
    assert_eq!(to, ["ada@acme.example", "audrey@acme.example"]);
    assert!(mails[0].text.contains("Application: Payroll\nGroup: Acme Group\n"));
    assert!(
        mails[0].text.lines().any(|line| line.ends_with('/')),
        "{}",
        mails[0].text
    );
    world.pass(TimeDelta::hours(1));
    dev.post(&portal_at(&app, "/verify"), json!({"otp": "WRNG-WRNG"}))
        .await
        .refused(423, "otp_locked");
    assert_eq!(mails_about(&world, "OTP locked").await.len(), 2);
}

async fn nobody_is_mailed_of_a_locked_otp_that_is_reset_before_the_mail_leaves(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    let dev = world.signed_up(DEV).await;
    choose(&world, "ada", false, true).await;
    lock(&dev, &app).await;
    ada.post(&app_at(&app, "/developer/reset-otp"), json!({}))
        .await
        .expect(200);
    assert!(mails_about(&world, "OTP locked").await.is_empty());
}

async fn a_mail_that_was_refused_needs_attention_until_it_is_delivered(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    world.mails_go_to(&MailServer::start(Manner::Refuses(DEV)).await).await;
    assert_eq!(attention(&ada, &app).await, ["mail_refused"]);
    ada.post(&app_at(&app, "/developer/resend-invite"), json!({}))
        .await
        .expect(200);
    assert!(attention(&ada, &app).await.is_empty());
    world.signed_up(DEV).await;
    let second = world.created(&ada, "Second").await;
    world.mails_go_to(&MailServer::start(Manner::Refuses(DEV)).await).await;
    assert_eq!(attention(&ada, &second).await, ["mail_refused"]);
    ada.post(&app_at(&second, "/developer/reset-otp"), json!({}))
        .await
        .expect(200);
    world.mails_go_to(&MailServer::start(Manner::Refuses(DEV)).await).await;
    assert_eq!(attention(&ada, &second).await, ["mail_refused"]);
    assert!(
        attention(&ada, &app).await.is_empty(),
        "another application is not concerned"
    );
}

async fn a_secret_ends_soon_in_its_last_day(world: World) {
    let (ada, app, dev, _) = world.running("Payroll").await;
    dev.post(&portal_at(&app, "/client-secrets"), json!({}))
        .await
        .expect(201);
    world.pass(TimeDelta::hours(48) - TimeDelta::milliseconds(1));
    assert!(attention(&ada, &app).await.is_empty());
    world.pass(TimeDelta::milliseconds(1));
    assert_eq!(attention(&ada, &app).await, ["secret_ends_soon"]);
    let dev = world.logged_in(DEV).await;
    let home = dev.get("/portal/api/v1/apps").await.expect(200).json();
    assert_eq!(home["apps"][0]["attention"], json!(["secret_ends_soon"]));
    world.pass(TimeDelta::hours(24));
    assert!(attention(&ada, &app).await.is_empty());
}

async fn an_application_ends_today_in_its_last_day_and_then_waits_for_nobody(world: World) {
    let (ada, app, dev, client) = world.running("Payroll").await;
    let change = json!({"ends_at": "2026-11-26T09:00:00Z"});
    ada.patch(&app_at(&app, ""), change).await.expect(200);
    let token = world.access_token(&client).await;
    assert_eq!(world.gate(&token, "e1", "read").await, "ok");
    world.gatebook.write_usage().await.unwrap();
    world.pass(TimeDelta::hours(48) - TimeDelta::milliseconds(1));
    assert!(attention(&ada, &app).await.is_empty());
    world.pass(TimeDelta::milliseconds(1));
    assert_eq!(attention(&ada, &app).await, ["access_ends_today"]);
    drop(dev);
    let dev = world.logged_in(DEV).await;
    let home = dev.get("/portal/api/v1/apps").await.expect(200).json();
    assert_eq!(home["apps"][0]["attention"], json!(["access_ends_today"]));
    world.pass(TimeDelta::hours(24));
    assert!(attention(&ada, &app).await.is_empty());
}

async fn an_application_without_an_entity_of_its_group_needs_attention(world: World) {
    let (ada, app, _, _) = world.running("Payroll").await;
    for (entity, codes) in [("e1", vec![]), ("e2", vec!["no_entities"])] {
        world
            .operator
            .delete(&format!("/operator/api/v1/groups/acme/entities/{entity}"))
            .await
            .done();
        assert_eq!(attention(&ada, &app).await, codes);
    }
}

async fn what_is_never_used_needs_attention_after_a_week_and_what_was_used_after_90_days(world: World) {
    let (ada, app, _, client) = world.running("Payroll").await;
    world.pass(TimeDelta::days(7) - TimeDelta::milliseconds(1));
    assert!(attention(&ada, &app).await.is_empty());
    world.pass(TimeDelta::milliseconds(1));
    assert_eq!(attention(&ada, &app).await, ["never_used"]);
    let token = world.access_token(&client).await;
    assert_eq!(world.gate(&token, "e1", "read").await, "ok");
    world.gatebook.write_usage().await.unwrap();
    assert!(attention(&ada, &app).await.is_empty());
    world.pass(TimeDelta::days(90) - TimeDelta::milliseconds(1));
    assert!(attention(&ada, &app).await.is_empty());
    world.pass(TimeDelta::milliseconds(1));
    assert_eq!(attention(&ada, &app).await, ["unused_90_days"]);
}

async fn what_is_suspended_revoked_or_off_the_plan_needs_nothing(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    world.pass(TimeDelta::hours(72));
    ada.post(&app_at(&app, "/suspend"), json!({})).await.expect(200);
    assert!(attention(&ada, &app).await.is_empty());
    ada.post(&app_at(&app, "/resume"), json!({})).await.expect(200);
    assert_eq!(attention(&ada, &app).await.len(), 2);
    world.plan("acme", "Acme Group", "AIQ2").await;
    assert!(attention(&ada, &app).await.is_empty());
    world.plan("acme", "Acme Group", "AIQ3").await;
    ada.post(&app_at(&app, "/revoke"), json!({})).await.expect(200);
    assert!(attention(&ada, &app).await.is_empty());
}

/// The digests that were mailed.
async fn digests(world: &World) -> Vec<Mail> {
    let mails = world.mails().await.into_iter();
    mails.filter(|mail| mail.subject.contains("attention")).collect()
}

async fn a_digest_is_mailed_once_a_day_by_whichever_node(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    let other = world.counted_node().await.gatebook;
    choose(&world, "ada", true, false).await;
    let both = || async {
        let (one, two) = tokio::join!(world.gatebook.mail_attention_digests(), other.mail_attention_digests());
        one.and(two).unwrap();
    };
    both().await;
    assert!(digests(&world).await.is_empty(), "nothing needs attention");
    // It is 09:00; the next day's digest is due at 06:00.
    world.pass(TimeDelta::hours(72));
    both().await;
    both().await;
    let mails = digests(&world).await;
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].to, "ada@acme.example");
    assert!(
        mails[0].subject.ends_with("1 application needs attention"),
        "{}",
        mails[0].subject
    );
    assert!(
        mails[0].text.contains("- Payroll: Invite expired, OTP expired\n"),
        "{}",
        mails[0].text
    );
    world.pass(TimeDelta::hours(21) - TimeDelta::milliseconds(1));
    both().await;
    assert_eq!(digests(&world).await.len(), 1);
    world.pass(TimeDelta::milliseconds(1));
    both().await;
    assert_eq!(digests(&world).await.len(), 2);
    ada.post(&app_at(&app, "/revoke"), json!({})).await.expect(200);
    world.pass(TimeDelta::hours(24));
    both().await;
    assert_eq!(digests(&world).await.len(), 2, "nothing needs attention any more");
}

async fn a_digest_is_for_those_who_may_see_what_is_in_it(world: World) {
    let ada = world.ada().await;
    world.created(&ada, "Payroll").await;
    choose(&world, "ada", true, false).await;
    choose(&world, "pam", true, false).await;
    world.pass(TimeDelta::hours(72));
    world
        .permit("acme", "ada", Permission::ManageIntegrationApplications, false)
        .await;
    world.gatebook.mail_attention_digests().await.unwrap();
    let to: Vec<_> = digests(&world).await.into_iter().map(|mail| mail.to).collect();
    assert_eq!(to, ["pam@acme.example"]);
}

async fn the_filter_takes_codes_and_nothing_else(world: World) {
    let ada = world.ada().await;
    ada.get(&format!("{APPS}?attention=soon"))
        .await
        .refused(422, "invalid_attention");
    ada.get(&format!("{APPS}?attention=")).await.expect(200);
    let all = "/operator/api/v1/integration-apps?attention=any";
    world.operator.get(all).await.refused(422, "invalid_attention");
    world.created(&ada, "Payroll").await;
    world.pass(TimeDelta::hours(72));
    for (group, number) in [("acme", 1), ("globex", 0), ("nobody", 0)] {
        let found = world
            .operator
            .get(&format!("{all}&group={group}"))
            .await
            .expect(200)
            .json();
        assert_eq!(found["items"].as_array().unwrap().len(), number, "{group}");
    }
}
