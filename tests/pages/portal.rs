//! The Developer Portal, from the invitation mail to the client secret.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::browser::Browser;
use crate::support::world::PASSWORD;
use crate::support::{World, app_at, id, on_both_databases};

on_both_databases! {
    r19_a_developer_signs_up_in_the_steps_of_the_article,
    r18_an_invitation_that_cannot_be_used_says_what_to_do_next,
    r19_what_was_entered_wrongly_is_told_beside_its_field,
    r17_the_otp_is_mistyped_and_verified,
    r28_credentials_are_hidden_until_they_are_asked_for,
    r23_a_client_secret_is_shown_once_even_when_the_form_is_sent_twice,
    r23_a_client_secret_is_rotated_and_retired,
    r22_entities_are_filtered_by_name,
    r21_the_next_click_shows_that_access_was_revoked,
    an_otp_that_was_typed_before_the_session_ended_is_still_there,
    a_developer_ends_a_session_and_changes_the_password,
    names_that_look_like_html_are_shown_as_they_are,
}

pub(super) const DEV: &str = "dev@example.com";

/// Ada creates an application; the developer has not done anything yet.
pub(super) async fn invited(world: &World, name: &str) -> (Value, String) {
    let app = world.created(&world.ada().await, name).await;
    let mail = world.last_mail_to(DEV).await;
    (app, mail.invite_token())
}

pub(super) fn otp(app: &Value) -> String {
    app["verification"]["otp"].as_str().unwrap().to_owned()
}

/// A developer who is logged in to the portal.
pub(super) async fn logged_in(world: &World) -> Browser {
    let mut dev = Browser::new(world);
    dev.open("/portal").await.shows("Log in to the Developer Portal");
    dev.send("/portal/log-in", &[("email", DEV), ("password", PASSWORD)])
        .await
        .expect(200);
    dev
}

/// A developer who is logged in and has verified an application; where its pages are.
pub(super) async fn verified(world: &World) -> (Browser, Value, String) {
    let (app, token) = invited(world, "Payroll Bridge").await;
    let person = world.signs_up(DEV, &token).await;
    world.verified(&person, &app).await;
    let here = format!("/portal/apps/{}", id(&app));
    (logged_in(world).await, app, here)
}

async fn r19_a_developer_signs_up_in_the_steps_of_the_article(world: World) {
    let (_, token) = invited(&world, "Payroll Bridge").await;
    let mut dev = Browser::new(&world);
    let page = dev.open(&format!("/portal/sign-up?invite={token}")).await.expect(200);
    page.shows(DEV).shows("valid until 26 November 2026, 09:00 UTC");
    let page = dev.send("/portal/sign-up/code", &[]).await.expect(200);
    page.shows("We have sent a verification code to").hides(&token);
    assert_eq!(page.path, "/portal/sign-up/code");
    let code = world.last_mail_to(DEV).await.code();
    let fields = [
        ("code", code.as_str()),
        ("full_name", "Dev Eloper"),
        ("password", PASSWORD),
        ("repeated", PASSWORD),
    ];
    dev.send("/portal/sign-up", &fields)
        .await
        .expect(200)
        .shows("Your account is ready");
    let page = dev.open(&format!("/portal/sign-up?invite={token}")).await;
    page.expect(404).shows("If you have already signed up, log in");
    let mut dev = logged_in(&world).await;
    dev.open("/portal")
        .await
        .expect(200)
        .shows("OTP Verification Needed")
        .shows("Payroll Bridge");
}

async fn r18_an_invitation_that_cannot_be_used_says_what_to_do_next(world: World) {
    let (app, token) = invited(&world, "Payroll Bridge").await;
    let mut dev = Browser::new(&world);
    let page = dev.open("/portal/sign-up?invite=nonsense").await.expect(404);
    page.shows("Check your mailbox for a newer invitation");
    let page = dev.open("/portal/sign-up").await.expect(404);
    page.shows("ask the Integration Admin who invited you to choose Resend Invite");
    world.pass(TimeDelta::days(3));
    let page = dev.open(&format!("/portal/sign-up?invite={token}")).await.expect(410);
    page.shows("Ask the Integration Admin who invited you to choose Resend Invite");
    world
        .ada()
        .await
        .post(&app_at(&app, "/developer/resend-invite"), json!({}))
        .await
        .expect(200);
    let page = dev.open(&format!("/portal/sign-up?invite={token}")).await;
    page.expect(404).shows("Check your mailbox for a newer invitation");
}

async fn r19_what_was_entered_wrongly_is_told_beside_its_field(world: World) {
    let (_, token) = invited(&world, "Payroll Bridge").await;
    let mut dev = Browser::new(&world);
    dev.open(&format!("/portal/sign-up?invite={token}")).await;
    dev.send("/portal/sign-up/code", &[]).await.expect(200);
    let fields = [
        ("code", "000000x"),
        ("full_name", ""),
        ("password", "short"),
        ("repeated", "short"),
    ];
    let page = dev.send("/portal/sign-up", &fields).await.expect(422).clone();
    assert_eq!(page.value("code").as_deref(), Some("000000x"));
    page.shows("Please correct the following:");
    assert!(page.html.contains("id=\"full_name-error\""), "{}", page.html);
    assert!(page.html.contains("id=\"password-error\""), "{}", page.html);
    let fields = [
        ("code", "x"),
        ("full_name", "Dev <b>Eloper</b>"),
        ("password", PASSWORD),
        ("repeated", "another"),
    ];
    let page = dev.send("/portal/sign-up", &fields).await.expect(422).clone();
    page.shows("The two passwords differ");
    assert_eq!(page.value("full_name").as_deref(), Some("Dev <b>Eloper</b>"));
    let right = world.last_mail_to(DEV).await.code();
    let wrong = if right == "000000" { "111111" } else { "000000" };
    for left in ["4 tries are", "3 tries are", "2 tries are", "1 try is", "no tries are"] {
        let fields = [
            ("code", wrong),
            ("full_name", "Dev"),
            ("password", PASSWORD),
            ("repeated", PASSWORD),
        ];
        let page = dev.send("/portal/sign-up", &fields).await;
        page.expect(422)
            .shows(&format!("The verification code is wrong; {left} left."));
    }
    let fields = [
        ("code", wrong),
        ("full_name", "Dev"),
        ("password", PASSWORD),
        ("repeated", PASSWORD),
    ];
    dev.send("/portal/sign-up", &fields)
        .await
        .expect(410)
        .shows("Send a new code");
}

async fn r17_the_otp_is_mistyped_and_verified(world: World) {
    let (app, token) = invited(&world, "Payroll Bridge").await;
    world.signs_up(DEV, &token).await;
    let mut dev = logged_in(&world).await;
    let verify = format!("/portal/apps/{}/verify", id(&app));
    let page = dev.open(&format!("/portal/apps/{}", id(&app))).await;
    page.expect(403).shows("OTP Verification Needed");
    dev.open(&verify)
        .await
        .expect(200)
        .shows("Verify Payroll Bridge")
        .shows("Time left: 3 days");
    dev.send(&verify, &[("otp", "")]).await.expect(422);
    dev.send(&verify, &[("otp", "AAAA-AAA2")]).await.expect(422);
    let page = dev.send(&verify, &[("otp", &otp(&app))]).await.expect(200);
    page.shows("Show Credentials").hides("gbc_");
    dev.open(&verify).await.expect(200).shows("Show Credentials");
}

async fn r28_credentials_are_hidden_until_they_are_asked_for(world: World) {
    let (mut dev, app, here) = verified(&world).await;
    let before = world.traces().await;
    let client_id = app["client_id"].as_str().unwrap();
    dev.open(&here)
        .await
        .expect(200)
        .hides(client_id)
        .shows("Payroll Bridge")
        .shows("Acme Group");
    assert_eq!(world.traces().await, before);
    let page = dev.send(&format!("{here}/credentials"), &[]).await.expect(200);
    page.shows(client_id)
        .shows("/oauth/token")
        .shows("There is no client secret yet");
    assert_eq!(world.traces().await.events, before.events + 1);
}

async fn r23_a_client_secret_is_shown_once_even_when_the_form_is_sent_twice(world: World) {
    let (mut dev, _, here) = verified(&world).await;
    dev.open(&here).await;
    let form = dev.send(&format!("{here}/credentials"), &[]).await.expect(200).clone();
    let page = dev
        .send(&format!("{here}/client-secrets"), &[])
        .await
        .expect(200)
        .clone();
    page.shows("You will not see it again")
        .shows("gbs_")
        .shows("curl -u")
        .shows("Authorization: Bearer");
    let before = world.traces().await;
    dev.page = form.clone();
    let again = dev
        .send(&format!("{here}/client-secrets"), &[])
        .await
        .expect(200)
        .clone();
    assert_eq!(again.text(), page.text());
    // Not for long.
    world.pass(TimeDelta::minutes(10));
    dev.page = form;
    let again = dev.send(&format!("{here}/client-secrets"), &[]).await.expect(409);
    again
        .shows("This form has already been sent")
        .hides("You will not see it again")
        .hides("curl -u");
    assert_eq!(world.traces().await.events, before.events + 1, "looking is recorded");
}

async fn r23_a_client_secret_is_rotated_and_retired(world: World) {
    let (mut dev, _, here) = verified(&world).await;
    dev.open(&here).await;
    dev.send(&format!("{here}/credentials"), &[]).await;
    dev.send(&format!("{here}/client-secrets"), &[]).await.expect(200);
    dev.open(&here).await;
    dev.send(&format!("{here}/credentials"), &[])
        .await
        .shows("Rotate client secret");
    let rotate = [("overlap_seconds", "3600")];
    let page = dev.send(&format!("{here}/client-secrets"), &rotate).await.expect(200);
    page.shows("The older client secret is valid until 23 November 2026, 10:00 UTC");
    dev.open(&here).await;
    let page = dev.send(&format!("{here}/credentials"), &[]).await.expect(200).clone();
    page.shows("Two client secrets are active");
    let retire = page
        .html
        .split("href=\"")
        .find(|link| link.contains("/retire\""))
        .unwrap();
    let retire = retire.split('"').next().unwrap().to_owned();
    dev.open(&retire).await.expect(200).shows("Retire this client secret?");
    dev.send(&retire, &[]).await.expect(200);
    dev.open(&retire).await.expect(404);
}

async fn r22_entities_are_filtered_by_name(world: World) {
    let (mut dev, _, here) = verified(&world).await;
    let page = dev.open(&format!("{here}/entities")).await.expect(200);
    page.shows("Entity E1").shows("Entity E2");
    let page = dev.open(&format!("{here}/entities?name=e2")).await.expect(200);
    page.shows("Entity E2").hides("Entity E1");
    dev.open(&format!("{here}/entities?name=zzz"))
        .await
        .expect(200)
        .shows("Show all");
}

async fn r21_the_next_click_shows_that_access_was_revoked(world: World) {
    let (mut dev, app, here) = verified(&world).await;
    dev.open(&here).await.expect(200);
    let revoke = json!({"retire_client_secrets": false});
    world
        .ada()
        .await
        .post(&app_at(&app, "/developer/revoke"), revoke)
        .await
        .expect(200);
    let page = dev.send(&format!("{here}/credentials"), &[]).await.expect(404);
    page.shows("an Integration Admin has revoked your access");
    dev.open("/portal")
        .await
        .expect(200)
        .shows("No applications are assigned to you at the moment");
}

async fn an_otp_that_was_typed_before_the_session_ended_is_still_there(world: World) {
    let (app, token) = invited(&world, "Payroll Bridge").await;
    world.signs_up(DEV, &token).await;
    let mut dev = logged_in(&world).await;
    let verify = format!("/portal/apps/{}/verify", id(&app));
    dev.open(&verify).await.expect(200);
    world.pass(TimeDelta::minutes(31));
    let before = world.traces().await;
    dev.send(&verify, &[("otp", &otp(&app))])
        .await
        .expect(401)
        .shows("Your session has ended");
    assert_eq!(world.traces().await, before);
    let log_in = [("email", DEV), ("password", PASSWORD)];
    dev.send("/portal/log-in", &log_in)
        .await
        .expect(200)
        .shows("what you entered has been kept");
    let page = dev.send(&verify, &[]).await.expect(200).clone();
    assert_eq!(page.value("otp"), Some(otp(&app)));
    dev.send(&verify, &[("otp", &otp(&app))])
        .await
        .expect(200)
        .shows("Show Credentials");
}

async fn a_developer_ends_a_session_and_changes_the_password(world: World) {
    let (mut dev, _, _) = verified(&world).await;
    let mut elsewhere = logged_in(&world).await;
    let page = dev
        .open("/portal/account")
        .await
        .expect(200)
        .shows("this session")
        .clone();
    let ends: Vec<_> = page
        .html
        .split("href=\"")
        .filter(|link| link.starts_with("/portal/account/sessions/"))
        .collect();
    assert_eq!(ends.len(), 3, "one of them began over JSON");
    dev.send("/portal/account/password-link", &[])
        .await
        .expect(200)
        .shows("We have sent you an e-mail with a link to choose a new password");
    let link = world.last_mail_to(DEV).await.link();
    let link = link.strip_prefix(&world.base_url).unwrap_or(&link).to_owned();
    let path = link
        .find("/portal/set-password")
        .map(|at| link[at..].to_owned())
        .unwrap();
    let new = "another long and quiet password";
    let mut anywhere = Browser::new(&world);
    anywhere.open(&path).await.expect(200);
    let chosen = [("password", new), ("repeated", new)];
    anywhere
        .send("/portal/set-password", &chosen)
        .await
        .expect(200)
        .shows("Your new password is set");
    anywhere
        .open(&path)
        .await
        .expect(404)
        .shows("is unknown, or has already been used");
    elsewhere
        .open("/portal")
        .await
        .expect(200)
        .shows("Log in to the Developer Portal");
    elsewhere
        .send("/portal/log-in", &[("email", DEV), ("password", PASSWORD)])
        .await
        .expect(401);
    elsewhere
        .send("/portal/log-in", &[("email", DEV), ("password", new)])
        .await
        .expect(200)
        .shows("Payroll Bridge");
}

async fn names_that_look_like_html_are_shown_as_they_are(world: World) {
    let name = "<script>alert(\"1\")</script> & 'x'";
    let (app, token) = invited(&world, name).await;
    let person = world.signs_up(DEV, &token).await;
    let mut dev = logged_in(&world).await;
    dev.open("/portal").await.expect(200).shows(name);
    assert!(!dev.page.html.contains("<script>"));
    world.verified(&person, &app).await;
    dev.open(&format!("/portal/apps/{}", id(&app)))
        .await
        .expect(200)
        .shows(name);
    assert!(!dev.page.html.contains("<script>"));
}
