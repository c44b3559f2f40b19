//! The home pages: what needs attention, each with its one click, and the same words everywhere.

use chrono::TimeDelta;
use serde_json::json;

use super::console::{HOSTILE, LIST, ada, at, is_harmless};
use super::portal::{DEV, logged_in};
use crate::support::browser::Browser;
use crate::support::{World, app_at, on_both_databases, portal_at};

on_both_databases! {
    the_console_begins_with_the_home_page_once_there_is_an_application,
    an_expired_invitation_is_called_so_everywhere_and_renewed_with_one_click,
    a_locked_otp_is_called_so_everywhere_and_reset_with_one_click,
    a_click_on_what_has_changed_since_does_nothing_and_shows_what_there_is,
    a_new_invite_and_otp_that_are_sent_twice_are_one,
    an_auditor_sees_what_needs_attention_and_changes_nothing,
    what_happened_lately_is_told,
    the_list_is_filtered_by_what_needs_attention,
    a_developer_sees_what_waits_for_whom,
    emails_about_what_needs_attention_are_chosen_on_the_account_page,
    a_hostile_name_is_harmless_on_the_home_page,
}

async fn the_console_begins_with_the_home_page_once_there_is_an_application(world: World) {
    world.created(&world.ada().await, "Payroll").await;
    let mut ada = ada(&world).await;
    let page = ada.open("/").await.expect(200);
    assert_eq!(page.path, "/");
    page.shows("Acme Group")
        .shows("Monday 23 November 2026")
        .shows("5 entities")
        .shows("Active 1 1 waits for its developer")
        .shows("All applications 1")
        .shows("Nothing. Every application is as it should be.");
    let mut ulf = Browser::of_user(&world, "acme", "ulf").await;
    let page = ulf.open("/").await.expect(403);
    assert_eq!(page.path, LIST);
}

async fn an_expired_invitation_is_called_so_everywhere_and_renewed_with_one_click(world: World) {
    let app = world.created(&world.ada().await, "Payroll").await;
    world.pass(TimeDelta::hours(72));
    let mut ada = ada(&world).await;
    for path in [LIST.to_owned(), at(&app, ""), at(&app, "/developer")] {
        ada.open(&path)
            .await
            .expect(200)
            .shows("Invite expired")
            .hides("State Invited");
    }
    let page = ada.open("/").await.expect(200);
    page.shows("Needs attention 1")
        .shows("Invite expired Payroll dev@example.com did not sign up by 26 November 2026, 09:00 UTC");
    let renew = at(&app, "/developer/invite-anew");
    let page = ada.send(&renew, &[]).await.expect(200);
    page.shows("New invite and OTP")
        .shows("There is a new invite, and a new OTP.")
        .shows("The invite to the Developer Portal is on its way to dev@example.com")
        .shows("Valid until 29 November 2026, 09:00 UTC (3 days)");
    let (_, rest) = page.html.split_once("<code class=\"otp\" id=\"otp\">").unwrap();
    let otp = rest.split('<').next().unwrap().to_owned();
    ada.open("/").await.expect(200).hides("Invite expired");
    let dev = world.signed_up(DEV).await;
    dev.post(&portal_at(&app, "/verify"), json!({"otp": otp}))
        .await
        .expect(200);
}

async fn a_locked_otp_is_called_so_everywhere_and_reset_with_one_click(world: World) {
    let app = world.created(&world.ada().await, "Payroll").await;
    let dev = world.signed_up(DEV).await;
    for _ in 0..5 {
        dev.post(&portal_at(&app, "/verify"), json!({"otp": "WRNG-WRNG"})).await;
    }
    let mut ada = ada(&world).await;
    ada.open(LIST).await.expect(200).shows("OTP locked: dev@example.com");
    for path in [at(&app, ""), at(&app, "/developer")] {
        ada.open(&path)
            .await
            .expect(200)
            .shows("OTP locked")
            .hides("OTP Verification Needed");
    }
    let page = ada.open("/").await.expect(200);
    page.shows("OTP locked Payroll dev@example.com entered a wrong OTP five times.");
    let page = ada.send(&at(&app, "/developer/reset-otp"), &[]).await.expect(200);
    page.shows("OTP reset").shows("There is a new OTP.");
    ada.open("/")
        .await
        .expect(200)
        .shows("Nothing. Every application is as it should be.");
}

async fn a_click_on_what_has_changed_since_does_nothing_and_shows_what_there_is(world: World) {
    let app = world.created(&world.ada().await, "Payroll").await;
    world.pass(TimeDelta::hours(72));
    let mut ada = ada(&world).await;
    ada.open("/").await.expect(200);
    let pam = world.user("acme", "pam").await;
    pam.post(&app_at(&app, "/developer/invite-anew"), json!({}))
        .await
        .expect(200);
    let before = world.traces().await;
    let page = ada.send(&at(&app, "/developer/invite-anew"), &[]).await.expect(412);
    page.shows("has changed since you opened the page")
        .shows("Manage Developer Portal Access");
    assert_eq!(world.traces().await, before);
}

async fn a_new_invite_and_otp_that_are_sent_twice_are_one(world: World) {
    let app = world.created(&world.ada().await, "Payroll").await;
    world.pass(TimeDelta::hours(72));
    let mut ada = ada(&world).await;
    let home = ada.open("/").await.expect(200).clone();
    let renew = at(&app, "/developer/invite-anew");
    let first = ada.send(&renew, &[]).await.expect(200).text();
    let before = world.traces().await;
    ada.page = home;
    assert_eq!(ada.send(&renew, &[]).await.expect(200).text(), first);
    assert_eq!(world.traces().await, before);
}

async fn an_auditor_sees_what_needs_attention_and_changes_nothing(world: World) {
    world.created(&world.ada().await, "Payroll").await;
    world.pass(TimeDelta::hours(72));
    let mut audrey = Browser::of_user(&world, "acme", "audrey").await;
    let page = audrey.open("/").await.expect(200);
    page.shows("Invite expired")
        .hides("New invite and OTP")
        .hides("New Integration Application");
}

async fn what_happened_lately_is_told(world: World) {
    let client = world.ada().await;
    let app = world.created(&client, "Payroll").await;
    client.post(&app_at(&app, "/suspend"), json!({})).await.expect(200);
    let mut ada = ada(&world).await;
    let page = ada.open("/").await.expect(200);
    page.shows("Recent activity")
        .shows("Ada Admin suspended the application")
        .hides("signed in");
}

async fn the_list_is_filtered_by_what_needs_attention(world: World) {
    let client = world.ada().await;
    world.created(&client, "Payroll").await;
    world.pass(TimeDelta::hours(71));
    world.created(&client, "Younger").await;
    world.pass(TimeDelta::hours(1));
    let mut ada = ada(&world).await;
    for filter in ["any", "invitation_expired"] {
        let page = ada.open(&format!("{LIST}?attention={filter}")).await.expect(200);
        page.shows("Payroll").hides("Younger");
    }
    let page = ada.open(&format!("{LIST}?attention=otp_locked")).await.expect(200);
    page.shows("No applications match");
    ada.open(&format!("{LIST}?attention=soon")).await.expect(422);
}

async fn a_developer_sees_what_waits_for_whom(world: World) {
    let client = world.ada().await;
    let app = world.created(&client, "Payroll").await;
    world.signed_up(DEV).await;
    let mut dev = logged_in(&world).await;
    dev.open("/portal")
        .await
        .expect(200)
        .shows("OTP Verification Needed 1")
        .shows("Time left to verify: 3 days")
        .hides("What is waiting");
    for _ in 0..5 {
        let verify = format!("/portal/apps/{}/verify", crate::support::id(&app));
        dev.open(&verify).await;
        dev.send(&verify, &[("otp", "WRNG-WRNG")]).await;
    }
    let page = dev.open("/portal").await.expect(200);
    page.shows(
        "OTP locked Payroll Acme Group The one-time password is locked. Ask the Integration Admin to choose Reset OTP.",
    );
    client
        .post(&app_at(&app, "/developer/reset-otp"), json!({}))
        .await
        .expect(200);
    world.pass(TimeDelta::hours(72));
    let mut dev = logged_in(&world).await;
    dev.open("/portal").await.expect(200).shows("OTP expired Payroll");
    client.post(&app_at(&app, "/suspend"), json!({})).await.expect(200);
    dev.open("/portal").await.expect(200).shows("Suspended Payroll");
    client.post(&app_at(&app, "/revoke"), json!({})).await.expect(200);
    dev.open("/portal")
        .await
        .expect(200)
        .shows("No applications are assigned to you at the moment.");

    let ferry = world.created(&client, "Ferry").await;
    world.verified(&world.logged_in(DEV).await, &ferry).await;
    client.post(&app_at(&ferry, "/suspend"), json!({})).await.expect(200);
    dev.open("/portal")
        .await
        .expect(200)
        .shows("What is waiting 1")
        .shows("The Integration Admin has to resume it.");
}

async fn emails_about_what_needs_attention_are_chosen_on_the_account_page(world: World) {
    let mut ada = ada(&world).await;
    let chosen = |browser: &Browser| {
        let is_checked = |name: &str| {
            let tag = browser
                .page
                .html
                .split('<')
                .find(|tag| tag.contains(&format!("name=\"{name}\"")));
            tag.unwrap().contains("checked")
        };
        [is_checked("daily"), is_checked("otp_locked")]
    };
    ada.open("/account")
        .await
        .expect(200)
        .shows("E-mails about what needs attention");
    assert_eq!(chosen(&ada), [false, false]);
    ada.send("/account/mails", &[("otp_locked", "true")])
        .await
        .expect(200)
        .shows("Your choice has been saved.");
    assert_eq!(chosen(&ada), [false, true]);
    ada.send("/account/mails", &[("daily", "true")]).await.expect(200);
    assert_eq!(chosen(&ada), [true, false]);
    ada.send("/account/mails", &[]).await.expect(200);
    assert_eq!(chosen(&ada), [false, false]);
    let mut ulf = Browser::of_user(&world, "acme", "ulf").await;
    ulf.open("/account")
        .await
        .expect(200)
        .hides("E-mails about what needs attention");
}

async fn a_hostile_name_is_harmless_on_the_home_page(world: World) {
    let client = world.ada().await;
    let form = World::with(World::new_integration("x"), json!({"name": HOSTILE}));
    client.post(crate::support::APPS, form).await.expect(201);
    world.pass(TimeDelta::hours(72));
    let mut ada = ada(&world).await;
    is_harmless(ada.open("/").await.expect(200));
}
