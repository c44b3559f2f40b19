//! Pages that say no: each is looked at by axe-core, and each says what to do next.

use chrono::TimeDelta;
use gatebook::store::ConnectionPurpose;
use gatebook_aggregates::email_address::EmailAddress;
use gatebook_aggregates::group::Role;
use gatebook_aggregates::identifiers::{GroupId, UserId};
use gatebook_aggregates::text::Label;

use crate::support::chromium::Chromium;
use crate::support::world::PASSWORD;
use crate::support::{APPS, World, id};

use super::operators::operator;
use super::{DEVELOPER, console_of, sign_up};

async fn behind_the_scenes(world: &World, sql: &str) {
    let mut transaction = world.database().begin(ConnectionPurpose::Write).await.unwrap();
    transaction.script(sql).await.unwrap();
    transaction.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_developer_chooses_a_new_password_and_the_link_works_once() {
    let world = World::on_sqlite().await;
    let _ = world.running("Payroll Bridge").await;
    let dev = Chromium::new(&world).await;
    dev.open("/portal/forgot-password").await;
    dev.pictures("portal-forgot-password").await;
    dev.fill("E-mail address", DEVELOPER).await;
    dev.click("Send link").await.see("a link is on its way").await;
    dev.pictures("portal-link-sent").await;
    let link = world.last_mail_to(DEVELOPER).await.link();
    dev.open(&link).await.see("Choose a password").await;
    dev.pictures("portal-set-password").await;
    dev.fill("New password", "short").await;
    dev.fill("Repeat the password", "short").await;
    dev.click("Choose password")
        .await
        .see("Please correct the following")
        .await;
    dev.pictures("portal-set-password-problems").await;
    world.pass(TimeDelta::hours(2));
    dev.open(&link).await.see("No longer available").await;
    dev.pictures("portal-link-expired").await;
    dev.open("/portal/set-password?link=made-up")
        .await
        .see("Not found")
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r19_a_wrong_code_and_too_many_codes_are_told_beside_the_form() {
    let world = World::on_sqlite().await;
    world.created(&world.ada().await, "Payroll Bridge").await;
    let invitation = world.last_mail_to(DEVELOPER).await.link();
    let dev = Chromium::new(&world).await;
    dev.open(&invitation).await.click("Send verification code").await;
    dev.see("Full name").await;
    let right = world.last_mail_to(DEVELOPER).await.code();
    dev.fill("Verification code", if right == "123456" { "654321" } else { "123456" })
        .await;
    dev.fill("Full name", "Dev Eloper").await;
    dev.fill("Password", PASSWORD).await;
    dev.fill("Repeat the password", PASSWORD).await;
    dev.click("Sign up").await.see("4 tries are left").await;
    dev.pictures("portal-wrong-code").await;
    for _ in 0..4 {
        dev.click("Send a new code").await;
    }
    dev.click("Send a new code")
        .await
        .see("Too many verification codes have been sent")
        .await;
    dev.pictures("portal-too-many-codes").await;
    assert_eq!(dev.read("Full name").await, "Dev Eloper");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r17_what_is_not_verified_is_not_shown() {
    let world = World::on_sqlite().await;
    let app = world.created(&world.ada().await, "Payroll Bridge").await;
    let dev = Chromium::new(&world).await;
    sign_up(&world, &dev).await;
    dev.see("OTP Verification Needed").await;
    let page = format!("/portal/apps/{}", id(&app));
    dev.open(&format!("{page}/entities")).await.miss("Entity E1").await;
    dev.pictures("portal-verify-first").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r13_a_reload_shows_the_otp_again_for_a_while_and_then_says_how_to_get_another() {
    let world = World::on_sqlite().await;
    let ada = console_of(&world, "ada").await;
    ada.click("New Integration Application").await;
    ada.check("New Integration").await;
    ada.click("Next Step").await;
    ada.fill("Application Name", "Payroll Bridge").await;
    ada.fill("Application Description", "Posts journals.").await;
    ada.fill("Category", "Payroll & HR").await;
    ada.fill("Integration/Developers Email", DEVELOPER).await;
    ada.check("Read").await;
    ada.check("Entity E1").await;
    ada.click("Create").await.see("Integration Application created").await;
    let otp = ada.read("One-time password (OTP)").await;
    ada.reload().await.see(&otp).await;
    world.pass(TimeDelta::minutes(10));
    ada.reload().await.see("cannot be shown again").await.miss(&otp).await;
    ada.pictures("created-again").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_of_several_groups_chooses_one() {
    let world = World::on_sqlite().await;
    world.give_password("acme", "ada").await;
    let (globex, user) = (GroupId::parse("globex").unwrap(), UserId::parse("ada").unwrap());
    let email = EmailAddress::parse("email", "ada@acme.example").unwrap();
    let name = Label::parse("name", "Ada at Globex").unwrap();
    let caller = gatebook::application::Caller::command_line("test".to_owned());
    let put = world.gatebook.put_user(
        caller.operator().unwrap(),
        &globex,
        user,
        email,
        name,
        Role::PracticeAdmin,
    );
    put.await.unwrap();
    world.give_password("globex", "ada").await;
    let ada = Chromium::new(&world).await;
    ada.open("/sign-in").await;
    ada.fill("E-mail address", "ada@acme.example").await;
    ada.fill("Password", PASSWORD).await;
    ada.click("Sign in").await.see("several groups").await;
    ada.pictures("sign-in-several-groups").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_page_of_ours_sends_is_refused_on_a_page() {
    let world = World::on_sqlite().await;
    let ada = console_of(&world, "ada").await;
    ada.open(&format!("{APPS_PAGE}?status=nonsense"))
        .await
        .see("invalid filter")
        .await;
    ada.pictures("unreadable-filter").await;
    ada.open("/account").await;
    ada.tamper("document.querySelector('main form').action = '/account'")
        .await;
    ada.tamper("document.querySelector('main form').requestSubmit()").await;
    ada.see("This is not possible here").await;
    ada.pictures("method-not-allowed").await;
    ada.open("/sign-out").await.see("Integration Applications").await;
    let evil = format!(
        "data:text/html,<!doctype html><html lang=en><title>Evil</title><main><h1>Evil</h1>\
         <form method=post action={}/sign-in><button>Send</button></form></main>",
        world.base_url
    );
    ada.open(&evil)
        .await
        .click("Send")
        .await
        .see("You do not have access")
        .await;
    ada.pictures("cross-site").await;
    ada.open("/sign-in").await;
    ada.tamper("document.querySelector('#email').type = 'text'").await;
    ada.tamper("document.querySelector('#email').value = 'x'.repeat(600000)")
        .await;
    ada.fill("Password", "x").await;
    ada.click("Sign in").await.see("That is too large").await;
    ada.pictures("too-much").await;
}

const APPS_PAGE: &str = "/integration-applications";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r12_an_aiq_integrate_application_has_no_developer() {
    let world = World::on_sqlite().await;
    let app = world
        .ada()
        .await
        .post(APPS, World::aiq_integrate("Feeds"))
        .await
        .expect(201)
        .json();
    let ada = console_of(&world, "ada").await;
    ada.open(&format!("{APPS_PAGE}/{}/developer", id(&app)))
        .await
        .see("Our team looks after its credentials.")
        .await;
    ada.pictures("developer-of-aiq-integrate").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operators_see_failed_mails_and_what_went_wrong_on_our_side() {
    let world = World::on_sqlite().await;
    world.created(&world.ada().await, "Payroll Bridge").await;
    let olga = operator(&world).await;
    behind_the_scenes(
        &world,
        "update outbox set state = 'failed', attempts = 12, last_error = 'nobody here'",
    )
    .await;
    olga.click("Outbox").await.see("nobody here").await;
    olga.pictures("operator-outbox-failed").await;
    olga.click_at("nobody here", "Retry")
        .await
        .see("It will be sent shortly.")
        .await;
    assert_eq!(olga.focused().await, "It will be sent shortly.");
    olga.open("/operator/requests?sort=nonsense")
        .await
        .see("Please check what you entered")
        .await;
    olga.pictures("operator-unreadable-filter").await;
    olga.open("/operator/groups/nobody").await.see("Not found").await;
    behind_the_scenes(&world, "drop table outbox").await;
    olga.open("/operator/outbox").await.see("include this request id").await;
    olga.pictures("our-fault").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_tls_under_another_name_the_browser_keeps_nobody_signed_in_and_the_page_says_so() {
    let world = World::on_sqlite().await;
    let olga = Chromium::new(&world).await;
    let elsewhere = world.base_url.replace("127.0.0.1", "gatebook.test");
    olga.open(&format!("{elsewhere}/operator")).await;
    let token = world.operator.token.as_deref().unwrap();
    olga.fill("Operator token", token).await;
    olga.click("Sign in")
        .await
        .see("Your browser did not keep you signed in")
        .await
        .see("https://")
        .await;
    olga.pictures("not-kept-signed-in").await;
}

/// What a form was answered with is kept nowhere, so the browser asks before it sends the form once more; then the page is
/// there as it was, and nothing has happened twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn going_back_to_what_a_form_was_answered_with_brings_it_again_and_nothing_happens_twice() {
    let world = World::on_sqlite().await;
    let olga = operator(&world).await;
    olga.fill("Group id", "ho oli").await;
    olga.click("Create group")
        .await
        .see("Please correct the following")
        .await;
    olga.click("Outbox").await.see("No e-mails match").await;
    olga.back()
        .await
        .reload()
        .await
        .see("Please correct the following")
        .await;
    assert_eq!(olga.read("Group id").await, "ho oli");
    let ada = world.ada().await;
    ada.post(APPS, World::aiq_integrate("Feeds")).await.expect(201);
    olga.click("AIQ Integrate").await;
    olga.click("Generate client secret")
        .await
        .see("You will not see it again")
        .await;
    let secret = olga.read("ClientSecret").await;
    let before = world.traces().await;
    olga.click("Outbox").await.see("Kind").await;
    olga.back().await.reload().await.see(&secret).await;
    assert_eq!(world.traces().await, before);
}
