//! Manage Developer Portal Access.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::console::{HOSTILE, ada, at, goes_on_after_the_session_has_ended};
use crate::support::browser::Browser;
use crate::support::mail_server::{MailServer, Manner};
use crate::support::{APPS, World, app_at, on_both_databases, portal_at};

on_both_databases! {
    the_page_tells_who_was_invited_and_what_time_is_left,
    an_invite_that_no_mail_server_took_is_told,
    r18_an_invite_is_resent,
    r16_an_otp_is_reset_and_shown_once,
    the_page_tells_who_has_verified,
    r21_access_is_revoked_and_another_developer_registered,
    r21_client_secrets_are_retired_if_wanted,
    what_changed_since_the_page_was_opened_is_shown_first,
    an_address_that_is_none_is_told_and_kept,
    r12_an_aiq_integrate_has_no_outside_developer,
    the_end_of_the_session_carries_nothing_out,
    a_double_click_resets_the_otp_once,
}

async fn created(world: &World) -> (Value, Browser, String) {
    let app = world.created(&world.ada().await, "Payroll").await;
    let path = at(&app, "/developer");
    (app, ada(world).await, path)
}

fn otp(browser: &Browser) -> String {
    let (_, rest) = browser.page.html.split_once("<code class=\"otp\" id=\"otp\">").unwrap();
    rest.split('<').next().unwrap().to_owned()
}

async fn the_page_tells_who_was_invited_and_what_time_is_left(world: World) {
    let (app, mut ada, path) = created(&world).await;
    world.pass(TimeDelta::minutes(5));
    let page = ada.open(&path).await.expect(200);
    page.shows("dev@example.com")
        .shows("State Invited")
        .shows("Invited 23 November 2026, 09:00 UTC")
        .shows("Invite valid until 26 November 2026, 09:00 UTC (2 days 23 hours left)")
        .shows("OTP verified Not yet")
        .shows("OTP tries left 5");
    let developer = world.signed_up("dev@example.com").await;
    for _ in 0..5 {
        developer
            .post(&portal_at(&app, "/verify"), json!({"otp": "0000-0000"}))
            .await;
    }
    let page = ada.open(&path).await.expect(200);
    page.hides("Dev Eloper")
        .shows("State OTP locked")
        .shows("OTP tries left 0 Locked")
        .hides("Resend Invite");
    world.pass(TimeDelta::days(3));
    let mut ada = super::console::ada(&world).await;
    ada.open(&path).await.expect(200).shows("Expired");
    // R27
    world
        .ada()
        .await
        .post(&app_at(&app, "/revoke"), json!({}))
        .await
        .expect(200);
    let page = ada.open(&path).await.expect(200);
    page.hides("OTP valid until")
        .hides("OTP tries left")
        .hides("Invite valid until");
}

async fn r18_an_invite_is_resent(world: World) {
    let (_, mut ada, path) = created(&world).await;
    // The first one has left; otherwise the second would take its place in the outbox.
    assert_eq!(world.mails().await.len(), 1);
    let resend = format!("{path}/resend-invite");
    let form = ada.open(&path).await.expect(200).clone();
    ada.send(&resend, &[])
        .await
        .expect(200)
        .shows("A new invite is on its way.");
    assert_eq!(world.mails().await.len(), 2);
    // A double click sends one.
    ada.page = form.clone();
    ada.send(&resend, &[])
        .await
        .expect(200)
        .shows("A new invite is on its way.");
    assert_eq!(world.mails().await.len(), 2);
    world.signed_up("dev@example.com").await;
    ada.page = form;
    ada.page.html = ada
        .page
        .html
        .replace("name=\"request_key\" value=\"", "name=\"request_key\" value=\"x");
    let page = ada.send(&resend, &[]).await.expect(412);
    page.shows("has changed since you opened the page")
        .hides("Resend Invite");
}

async fn r16_an_otp_is_reset_and_shown_once(world: World) {
    let (app, mut ada, path) = created(&world).await;
    let reset = format!("{path}/reset-otp");
    let form = ada.open(&path).await.expect(200).clone();
    let page = ada.send(&reset, &[]).await.expect(200);
    page.shows("OTP reset")
        .shows("Copy")
        .shows("A notification is on its way to dev@example.com");
    let first = otp(&ada);
    let before = world.traces().await;
    ada.page = form;
    ada.send(&reset, &[]).await.expect(200);
    assert_eq!(otp(&ada), first);
    assert_eq!(world.traces().await, before);
    ada.open(&path).await.expect(200).hides(&first);
    let invite = world.mails().await[0].invite_token();
    let developer = world.signs_up("dev@example.com", &invite).await;
    let verify = portal_at(&app, "/verify");
    developer
        .post(&verify, json!({"otp": app["verification"]["otp"]}))
        .await
        .expect(422);
    developer.post(&verify, json!({"otp": first})).await.expect(200);
}

async fn an_invite_that_no_mail_server_took_is_told(world: World) {
    let (_, mut ada, path) = created(&world).await;
    let of_app = path.trim_end_matches("/developer");
    ada.open(of_app).await.expect(200).hides("not delivered");
    ada.open(&path).await.expect(200).hides("not delivered");
    let refusing = MailServer::start(Manner::Refuses("dev@example.com")).await;
    world.mails_go_to(&refusing).await;
    ada.open(&path)
        .await
        .expect(200)
        .shows("The invite was not delivered. 23 November 2026, 09:00 UTC")
        .shows("Check it for typing mistakes")
        .hides("550");
    ada.open(of_app)
        .await
        .expect(200)
        .shows("The invite was not delivered.");
    ada.open(&path).await.expect(200);
    ada.send(&format!("{path}/resend-invite"), &[])
        .await
        .expect(200)
        .hides("not delivered");
    world.mails().await;
    ada.open(&path).await.expect(200).hides("not delivered");
}

async fn the_page_tells_who_has_verified(world: World) {
    let (_, app, ..) = world.running("Payroll").await;
    let mut ada = ada(&world).await;
    let page = ada.open(&at(&app, "/developer")).await.expect(200);
    page.shows("State Verified")
        .shows("OTP verified 23 November 2026, 09:00 UTC")
        .shows("Revoke Access")
        .hides("Reset OTP")
        .hides("Resend Invite")
        .hides("OTP valid until");
}

async fn r21_access_is_revoked_and_another_developer_registered(world: World) {
    let (_, app, _, client) = world.running("Payroll").await;
    let token = world.access_token(&client).await;
    let (mut ada, path) = (ada(&world).await, at(&app, "/developer"));
    ada.open(&path).await.expect(200).shows("You are asked first");
    let page = ada.open(&format!("{path}/revoke")).await.expect(200);
    page.shows("dev@example.com can no longer see this application")
        .shows("The integration keeps running")
        .shows(&format!(
            "{}… , last used on 23 November 2026, 09:00 UTC",
            &client.1[..8]
        ));
    let page = ada.send(&format!("{path}/revoke"), &[]).await.expect(200);
    page.shows("The developer’s access has been revoked")
        .shows("No developer is linked");
    assert_eq!(world.gate(&token, "e1", "read").await, "ok");
    let form = ada.page.clone();
    let page = ada.send(&path, &[("email", "new@example.com")]).await.expect(200);
    page.shows("Developer registered")
        .shows("An invite to the Developer Portal is on its way to new@example.com");
    let first = otp(&ada);
    ada.page = form.clone();
    ada.send(&path, &[("email", "new@example.com")]).await.expect(200);
    assert_eq!(otp(&ada), first);
    ada.page = form;
    let page = ada.send(&path, &[("email", "third@example.com")]).await.expect(409);
    page.shows("You have already sent this form").shows("new@example.com");
    ada.open(&format!("{path}/revoke")).await.expect(200);
    ada.send(&format!("{path}/revoke"), &[]).await.expect(200);
    let page = ada.send(&path, &[("email", "DEV@example.com")]).await.expect(200);
    page.shows("A notification is on its way to DEV@example.com");
}

async fn r21_client_secrets_are_retired_if_wanted(world: World) {
    let (_, app, _, client) = world.running("Payroll").await;
    let token = world.access_token(&client).await;
    assert_eq!(world.gate(&token, "e1", "read").await, "ok");
    let (mut ada, path) = (ada(&world).await, at(&app, "/developer"));
    ada.open(&format!("{path}/revoke")).await.expect(200);
    let retire = [("retire_client_secrets", "true")];
    ada.send(&format!("{path}/revoke"), &retire).await.expect(200);
    world.token(&client).await.expect(401);
    assert_eq!(world.gate(&token, "e1", "read").await, "secret_retired");
}

async fn what_changed_since_the_page_was_opened_is_shown_first(world: World) {
    let (app, mut ada, path) = created(&world).await;
    let opened = ada.open(&path).await.expect(200).clone();
    let asked = ada.open(&format!("{path}/revoke")).await.expect(200).clone();
    let api = world.ada().await;
    api.post(&app_at(&app, "/developer/revoke"), json!({}))
        .await
        .expect(200);
    let other = json!({"email": "other@example.com"});
    api.post(&app_at(&app, "/developer"), other).await.expect(201);
    let before = world.traces().await;
    for (action, page) in [
        ("/reset-otp", &opened),
        ("/resend-invite", &opened),
        ("/revoke", &asked),
    ] {
        ada.page = page.clone();
        let page = ada.send(&format!("{path}{action}"), &[]).await.expect(412);
        page.shows("has changed since you opened the page")
            .shows("other@example.com");
    }
    assert_eq!(world.traces().await, before);
    ada.send(&format!("{path}/revoke"), &[])
        .await
        .expect(200)
        .shows("No developer is linked");
}

async fn an_address_that_is_none_is_told_and_kept(world: World) {
    let (app, mut ada, path) = created(&world).await;
    let api = world.ada().await;
    api.post(&app_at(&app, "/developer/revoke"), json!({}))
        .await
        .expect(200);
    ada.open(&path).await.expect(200).shows("Register developer");
    let before = world.traces().await;
    ada.send(&path, &[("email", "")])
        .await
        .expect(422)
        .shows("Fill in “Developer’s e-mail”.");
    let page = ada.send(&path, &[("email", HOSTILE)]).await.expect(422);
    page.shows("Write an e-mail address");
    assert_eq!(page.value("email").as_deref(), Some(HOSTILE));
    assert!(!page.html.contains("<script>alert"));
    let nothing: [(String, String); 0] = [];
    ada.send_raw(&path, &nothing)
        .await
        .expect(200)
        .shows("Nothing has been sent yet");
    assert_eq!(world.traces().await, before);
}

async fn r12_an_aiq_integrate_has_no_outside_developer(world: World) {
    let app = world
        .ada()
        .await
        .post(APPS, World::aiq_integrate("Feeds"))
        .await
        .expect(201)
        .json();
    let (mut ada, path) = (ada(&world).await, at(&app, "/developer"));
    let page = ada.open(&path).await.expect(200);
    page.shows("has no outside developer").hides("Register developer");
}

async fn the_end_of_the_session_carries_nothing_out(world: World) {
    let (_, mut ada, path) = created(&world).await;
    ada.open(&path).await.expect(200);
    let reset = format!("{path}/reset-otp");
    goes_on_after_the_session_has_ended(&world, &mut ada, "ada@acme.example", &reset, &[]).await;
    ada.page.shows("Manage Developer Portal Access").shows("Reset OTP");
    ada.send(&reset, &[]).await.expect(200).shows("OTP reset");
}

async fn a_double_click_resets_the_otp_once(world: World) {
    let (_, mut ada, path) = created(&world).await;
    ada.open(&path).await.expect(200);
    let before = world.traces().await;
    let clicks = (0..4).map(|_| {
        let mut window = Browser::new(&world);
        (window.cookies, window.page) = (ada.cookies.clone(), ada.page.clone());
        let reset = format!("{path}/reset-otp");
        async move {
            window.send(&reset, &[]).await.expect(200);
            otp(&window)
        }
    });
    let shown = futures::future::join_all(clicks).await;
    assert!(shown.iter().all(|otp| *otp == shown[0]), "{shown:?}");
    assert_eq!(world.traces().await.events, before.events + 1);
}
