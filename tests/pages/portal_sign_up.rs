//! Signing up to the Developer Portal: what can be entered wrongly, and what can stand in the way.

use chrono::TimeDelta;
use serde_json::json;

use super::portal::{DEV, invited};
use crate::support::browser::Browser;
use crate::support::world::PASSWORD;
use crate::support::{World, app_at, on_both_databases};

on_both_databases! {
    r19_the_name_stays_when_a_new_code_is_sent,
    r19_a_wrong_code_is_told_beside_its_field,
    r19_too_many_codes_have_to_wait_until_a_time_that_is_told,
    r1_off_the_plan_nobody_signs_up,
    r18_an_invitation_that_ends_in_the_middle_says_what_to_do_next,
    r19_an_account_is_made_once_even_when_the_form_is_sent_twice,
    unknown_invitations_are_slowed_down_and_say_for_how_long,
}

/// A browser that was sent a code.
async fn code_sent(world: &World) -> (Browser, String) {
    let (_, token) = invited(world, "Payroll Bridge").await;
    let mut dev = Browser::new(world);
    dev.open(&format!("/portal/sign-up?invite={token}")).await.expect(200);
    dev.send("/portal/sign-up/code", &[]).await.expect(200);
    (dev, token)
}

fn filled_in<'a>(code: &'a str, name: &'a str) -> [(&'a str, &'a str); 4] {
    [
        ("code", code),
        ("full_name", name),
        ("password", PASSWORD),
        ("repeated", PASSWORD),
    ]
}

/// Presses “Send a new code” with this in the form.
async fn new_code(dev: &mut Browser, token: &str, fields: &[(&str, &str)]) {
    let mut all = vec![("invite_token".to_owned(), token.to_owned())];
    let entered = fields
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    all.extend(entered);
    dev.send_raw("/portal/sign-up/code", &all).await;
}

async fn r19_the_name_stays_when_a_new_code_is_sent(world: World) {
    let (mut dev, token) = code_sent(&world).await;
    let first = world.last_mail_to(DEV).await.code();
    world.pass(TimeDelta::minutes(10));
    let late = dev
        .send("/portal/sign-up", &filled_in(&first, "Dev “D” <Eloper>"))
        .await;
    late.expect(410).shows("This verification code is no longer valid");
    assert!(late.html.contains("formaction=\"/portal/sign-up/code\""));
    assert!(!late.html.contains(PASSWORD));
    new_code(&mut dev, &token, &filled_in(&first, "Dev “D” <Eloper>")).await;
    dev.page
        .expect(200)
        .shows("We have sent a verification code to")
        .hides(PASSWORD);
    assert_eq!(dev.page.value("full_name").as_deref(), Some("Dev “D” <Eloper>"));
    assert_eq!(dev.page.value("code").as_deref(), Some(""));
    let second = world.last_mail_to(DEV).await.code();
    let done = dev
        .send("/portal/sign-up", &filled_in(&second, "Dev “D” <Eloper>"))
        .await;
    done.expect(200).shows("Your account is ready").shows("Log in");
}

async fn r19_a_wrong_code_is_told_beside_its_field(world: World) {
    let (mut dev, _) = code_sent(&world).await;
    let right = world.last_mail_to(DEV).await.code();
    let wrong = if right == "000000" { "111111" } else { "000000" };
    for (code, message) in [
        ("x", "The code has six digits."),
        (wrong, "The verification code is wrong; 4 tries are left."),
    ] {
        let page = dev.send("/portal/sign-up", &filled_in(code, "Dev")).await.expect(422);
        page.shows(message);
        assert!(page.html.contains("id=\"code-error\""), "{}", page.html);
        assert_eq!(page.value("code").as_deref(), Some(code));
        assert_eq!(page.value("full_name").as_deref(), Some("Dev"));
    }
}

async fn r19_too_many_codes_have_to_wait_until_a_time_that_is_told(world: World) {
    let (mut dev, token) = code_sent(&world).await;
    let sign_up = [("full_name", "Dev")];
    for _ in 0..4 {
        world.pass(TimeDelta::seconds(10));
        new_code(&mut dev, &token, &sign_up).await;
        dev.page.expect(200);
    }
    let mails = world.mails().await.len();
    new_code(&mut dev, &token, &sign_up).await;
    dev.page
        .expect(429)
        .shows("The next one is available at 23 November 2026, 09:10 UTC");
    assert_eq!(dev.page.value("full_name").as_deref(), Some("Dev"));
    assert_eq!(world.mails().await.len(), mails);
    let code = world.last_mail_to(DEV).await.code();
    let done = dev.send("/portal/sign-up", &filled_in(&code, "Dev")).await;
    done.expect(200).shows("Your account is ready");
}

async fn r1_off_the_plan_nobody_signs_up(world: World) {
    let (mut dev, token) = code_sent(&world).await;
    let code = world.last_mail_to(DEV).await.code();
    world.plan("acme", "Acme Group", "AIQ2").await;
    let page = dev.send("/portal/sign-up", &filled_in(&code, "Dev")).await;
    page.expect(403)
        .shows("AIQ3 product plan")
        .shows("Ask the Integration Admin");
    dev.open(&format!("/portal/sign-up?invite={token}")).await.expect(200);
    let page = dev.send("/portal/sign-up/code", &[]).await;
    page.expect(403)
        .shows("Ask the Integration Admin who invited you what to do next");
}

async fn r18_an_invitation_that_ends_in_the_middle_says_what_to_do_next(world: World) {
    let (app, token) = invited(&world, "Payroll Bridge").await;
    let mut dev = Browser::new(&world);
    dev.open("/portal/sign-up/code").await.expect(404).shows("Log in");
    let link = format!("/portal/sign-up?invite={token}");
    dev.open(&link).await.expect(200);
    let address = dev.page.clone();
    dev.send("/portal/sign-up/code", &[]).await.expect(200);
    let code = world.last_mail_to(DEV).await.code();
    let ada = world.ada().await;
    ada.post(&app_at(&app, "/revoke"), json!({})).await.done();
    let page = dev.send("/portal/sign-up", &filled_in(&code, "Dev")).await;
    page.expect(404).shows("Resend Invite");
    dev.page = address;
    dev.send("/portal/sign-up/code", &[]).await.expect(404);
    dev.open(&link).await.expect(404).shows("Resend Invite");
}

async fn r19_an_account_is_made_once_even_when_the_form_is_sent_twice(world: World) {
    let (mut dev, _) = code_sent(&world).await;
    let code = world.last_mail_to(DEV).await.code();
    let form = dev.page.clone();
    dev.send("/portal/sign-up", &filled_in(&code, "Dev")).await.expect(200);
    let before = world.traces().await;
    dev.page = form;
    let again = dev.send("/portal/sign-up", &filled_in(&code, "Dev")).await;
    again.expect(404).shows("If you have already signed up, log in");
    assert_eq!(world.traces().await, before);
}

async fn unknown_invitations_are_slowed_down_and_say_for_how_long(world: World) {
    let mut dev = Browser::new(&world);
    for _ in 0..100 {
        dev.open("/portal/sign-up?invite=nonsense").await.expect(404);
    }
    let page = dev.open("/portal/sign-up?invite=nonsense").await;
    page.expect(429).shows("Try again in 1 second.");
}
