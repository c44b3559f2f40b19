//! Verifying an application: wrong, locked and expired one-time passwords, and what else can stand in the way.

use chrono::TimeDelta;
use serde_json::json;

use super::portal::{DEV, invited, logged_in, otp, verified};
use crate::support::browser::Browser;
use crate::support::{World, app_at, id, on_both_databases};

on_both_databases! {
    r15_a_wrong_otp_is_told_with_the_tries_that_are_left_until_it_is_locked,
    r15_an_empty_otp_is_no_try,
    r14_an_expired_otp_says_whom_to_ask,
    r27_a_suspended_or_revoked_application_cannot_be_verified,
    r1_off_the_plan_nothing_is_verified,
    r17_verifying_twice_is_verifying_once,
    r17_an_application_of_somebody_else_is_not_there,
    a_form_without_its_token_is_not_carried_out,
}

/// A developer whose application waits for its OTP; where it is verified.
async fn waiting(world: &World) -> (Browser, serde_json::Value, String) {
    let (app, token) = invited(world, "Payroll Bridge").await;
    world.signs_up(DEV, &token).await;
    let verify = format!("/portal/apps/{}/verify", id(&app));
    let mut dev = logged_in(world).await;
    dev.open(&verify).await.expect(200);
    (dev, app, verify)
}

async fn r15_a_wrong_otp_is_told_with_the_tries_that_are_left_until_it_is_locked(world: World) {
    let (mut dev, app, verify) = waiting(&world).await;
    for left in ["4 tries are", "3 tries are", "2 tries are", "1 try is"] {
        // What cannot be one is told, too, and is no try.
        let page = dev.send(&verify, &[("otp", "<b>\"x")]).await.expect(422);
        page.shows("A one-time password has eight letters and digits");
        assert!(page.html.contains("id=\"otp-error\""), "{}", page.html);
        assert_eq!(page.value("otp").as_deref(), Some("<b>\"x"));
        let page = dev.send(&verify, &[("otp", "WRNG-WRNG")]).await.expect(422);
        page.shows(&format!("The one-time password is wrong; {left} left."));
        assert!(page.html.contains("id=\"otp-error\""), "{}", page.html);
        assert_eq!(page.value("otp").as_deref(), Some("WRNG-WRNG"));
    }
    let form = dev.page.clone();
    let page = dev.send(&verify, &[("otp", "WRNG-WRNG")]).await.expect(422);
    page.shows("no tries are left").shows("choose Reset OTP");
    assert!(!page.html.contains("name=\"otp\""), "{}", page.html);
    dev.open("/portal")
        .await
        .shows("locked. Ask the Integration Admin to choose Reset OTP");
    dev.page = form.clone();
    let page = dev.send(&verify, &[("otp", &otp(&app))]).await;
    page.expect(423).shows("choose Reset OTP");
    let ada = world.ada().await;
    let reset = ada.post(&app_at(&app, "/developer/reset-otp"), json!({})).await;
    let reset = reset.done().json();
    dev.open(&verify).await.expect(200).shows("Time left: 3 days");
    let otp = reset["otp"].as_str().or(reset["verification"]["otp"].as_str()).unwrap();
    let page = dev
        .send(&verify, &[("otp", &otp.to_lowercase().replace('-', ""))])
        .await;
    page.expect(200).shows("The application is verified");
}

async fn r15_an_empty_otp_is_no_try(world: World) {
    let (mut dev, _, verify) = waiting(&world).await;
    let before = world.traces().await;
    let page = dev.send(&verify, &[("otp", "  ")]).await;
    page.expect(422).shows("Enter the one-time password.");
    assert_eq!(world.traces().await, before);
}

async fn r14_an_expired_otp_says_whom_to_ask(world: World) {
    let (_, app, verify) = waiting(&world).await;
    world.pass(TimeDelta::days(3) - TimeDelta::milliseconds(1));
    let mut dev = logged_in(&world).await;
    dev.open(&verify)
        .await
        .expect(200)
        .shows("Time left: less than a minute");
    world.pass(TimeDelta::milliseconds(1));
    let page = dev.send(&verify, &[("otp", &otp(&app))]).await;
    page.expect(410).shows("choose Reset OTP");
    let page = dev.open(&verify).await.expect(200);
    page.shows("The one-time password has expired.")
        .shows("choose Reset OTP");
    assert!(!page.html.contains("name=\"otp\""), "{}", page.html);
    let page = dev.open("/portal").await;
    page.shows("expired. Ask the Integration Admin to choose Reset OTP");
}

async fn r27_a_suspended_or_revoked_application_cannot_be_verified(world: World) {
    let (mut dev, app, verify) = waiting(&world).await;
    let form = dev.page.clone();
    let ada = world.ada().await;
    ada.post(&app_at(&app, "/suspend"), json!({})).await.done();
    dev.open(&verify)
        .await
        .expect(200)
        .shows("This application is suspended");
    dev.page = form.clone();
    let page = dev.send(&verify, &[("otp", &otp(&app))]).await;
    page.expect(409).shows("This application is suspended");
    dev.open("/portal").await.expect(200).shows("Suspended");
    ada.post(&app_at(&app, "/revoke"), json!({})).await.done();
    dev.open(&verify)
        .await
        .expect(200)
        .shows("This application has been permanently revoked");
    dev.page = form;
    let page = dev.send(&verify, &[("otp", &otp(&app))]).await;
    page.expect(409)
        .shows("This application has been permanently revoked")
        .hides("choose Reset OTP");
    dev.open("/portal").await.shows("No applications are assigned to you");
}

async fn r1_off_the_plan_nothing_is_verified(world: World) {
    let (mut dev, app, verify) = waiting(&world).await;
    world.plan("acme", "Acme Group", "AIQ2").await;
    let page = dev.send(&verify, &[("otp", &otp(&app))]).await;
    page.expect(403).shows("is currently not on the AIQ3 product plan");
    world.plan("acme", "Acme Group", "AIQ3").await;
    let page = dev.send(&verify, &[("otp", &otp(&app))]).await;
    page.expect(200).shows("The application is verified");
}

async fn r17_verifying_twice_is_verifying_once(world: World) {
    let (mut dev, app, verify) = waiting(&world).await;
    let form = dev.page.clone();
    dev.send(&verify, &[("otp", &otp(&app))]).await.expect(200);
    let before = world.traces().await;
    dev.page = form;
    let again = dev.send(&verify, &[("otp", &otp(&app))]).await;
    again.expect(200).shows("Show Credentials");
    assert_eq!(world.traces().await, before);
}

async fn r17_an_application_of_somebody_else_is_not_there(world: World) {
    let (mut dev, _, here) = verified(&world).await;
    let other = World::with(
        World::new_integration("Bank Bridge"),
        json!({"developer_email": "other@example.com"}),
    );
    let other = world.ada().await.post("/api/v1/integration-apps", other).await;
    let there = format!("/portal/apps/{}", id(&other.expect(201).json()));
    for page in ["", "/verify", "/entities", "/credentials"] {
        let page = dev.open(&format!("{there}{page}")).await;
        page.expect(404).hides("Bank Bridge");
        page.shows("Ask the group’s Integration Admin");
    }
    dev.open("/portal/apps/nonsense").await.expect(404);
    dev.open(&here).await.expect(200);
    let stolen = dev.send(&format!("{here}/credentials"), &[]).await.value("form_token");
    let token = [("form_token".to_owned(), stolen.unwrap())];
    for page in ["/verify", "/credentials", "/client-secrets"] {
        let page = dev.send_raw(&format!("{there}{page}"), &token).await;
        page.expect(404).hides("Bank Bridge").hides("gbc_");
    }
}

async fn a_form_without_its_token_is_not_carried_out(world: World) {
    let (mut dev, app, verify) = waiting(&world).await;
    let before = world.traces().await;
    let typed = [("otp".to_owned(), otp(&app))];
    let page = dev.send_raw(&verify, &typed).await;
    page.expect(200).shows("Nothing has been sent yet");
    assert_eq!(world.traces().await, before);
}
