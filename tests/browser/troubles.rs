//! Pages for when something is in the way: each says what to do next.

use chrono::TimeDelta;
use gatebook_aggregates::group::Permission;
use serde_json::json;
use thirtyfour::Key;

use crate::support::chromium::Chromium;
use crate::support::database::new_postgres;
use crate::support::eventually::eventually;
use crate::support::proxy::Proxy;
use crate::support::{World, portal_at};

use super::{DEVELOPER, console_of, log_in, sign_in, sign_up};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r2_without_a_permission_the_page_names_it_and_who_grants_it() {
    let world = World::on_sqlite().await;
    let ulf = console_of(&world, "ulf").await;
    ulf.see("You do not have access to your group’s integration applications")
        .await
        .see("pam@acme.example")
        .await;
    ulf.pictures("no-permission").await;
    ulf.open("/group-users")
        .await
        .see("Only a Practice Admin of your group can do this")
        .await;
    ulf.pictures("forbidden").await;
    ulf.open("/nowhere").await.see("Not found").await;
    ulf.pictures("not-found").await;
    ulf.click("Continue").await.see("Integration Applications").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r1_off_the_plan_everything_is_seen_and_nothing_changed() {
    let world = World::on_sqlite().await;
    world.created(&world.ada().await, "Payroll Bridge").await;
    world.plan("acme", "Acme Group", "AIQ2").await;
    let ada = console_of(&world, "ada").await;
    ada.see("Once you are back on AIQ3, everything works as before.")
        .await
        .see("Payroll Bridge")
        .await;
    ada.miss("New Integration Application").await;
    ada.pictures("off-the-plan").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_list_is_filtered_sorted_and_paged() {
    let world = World::on_sqlite().await;
    let person = world.ada().await;
    for number in 1..=60 {
        world.created(&person, &format!("Application {number:02}")).await;
    }
    let ada = console_of(&world, "ada").await;
    ada.open("/integration-applications").await;
    ada.see("Application 60").await.miss("Application 10").await;
    ada.pictures("applications").await;
    // On a phone the filters wait until they are asked for.
    ada.resize(390, 844).await;
    ada.miss("Category").await;
    ada.click("Filters")
        .await
        .click("Developer")
        .await
        .see("Developer’s e-mail")
        .await;
    ada.resize(1280, 900).await;
    ada.click("Next page")
        .await
        .see("Application 10")
        .await
        .miss("Application 60")
        .await;
    ada.click("First page")
        .await
        .click("Name")
        .await
        .see("Application 01")
        .await
        .miss("Application 60")
        .await;
    ada.fill("Name", "cation 33").await;
    ada.key(Key::Enter)
        .await
        .see("Application 33")
        .await
        .miss("Application 01")
        .await;
    ada.click("Revoked 0")
        .await
        .see("No applications match these filters")
        .await;
    ada.pictures("applications-no-result").await;
    ada.back().await.see("Application 33").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_entered_is_there_again_after_signing_in_again() {
    let world = World::on_sqlite().await;
    let ada = console_of(&world, "ada").await;
    ada.click("New Integration Application").await;
    ada.check("New Integration").await;
    ada.click("Next Step").await;
    ada.fill("Application Name", "Payroll \"<b>Bridge</b>").await;
    ada.check("Entity E2").await;
    world.pass(TimeDelta::minutes(31));
    ada.click("Create").await.see("what you entered has been kept").await;
    ada.pictures("sign-in-again").await;
    sign_in(&ada, "ada@acme.example").await;
    ada.see("Nothing has been sent yet")
        .await
        .click("Continue")
        .await
        .see("1 of 5 selected")
        .await;
    assert_eq!(ada.read("Application Name").await, "Payroll \"<b>Bridge</b>");
    ada.pictures("form-kept").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r18_an_invitation_that_is_over_says_whom_to_ask() {
    let world = World::on_sqlite().await;
    world.created(&world.ada().await, "Payroll Bridge").await;
    let invitation = world.last_mail_to(DEVELOPER).await.link();
    world.pass(TimeDelta::days(4));
    let developer = Chromium::new(&world).await;
    developer
        .open(&invitation)
        .await
        .see("This invitation cannot be used")
        .await
        .see("Resend Invite")
        .await;
    developer.pictures("portal-invitation-over").await;
    developer
        .open("/portal/sign-up?invite=made-up")
        .await
        .see("This invitation cannot be used")
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r14_r15_an_otp_that_is_locked_or_expired_says_what_to_do() {
    let world = World::on_sqlite().await;
    let app = world.created(&world.ada().await, "Payroll Bridge").await;
    let developer = Chromium::new(&world).await;
    sign_up(&world, &developer).await;
    developer.click("Payroll Bridge").await;
    for _ in 0..5 {
        developer.fill("One-Time Password (OTP)", "AAAA-AAAA").await;
        developer.click("Verify").await;
    }
    developer
        .see("locked after too many wrong tries")
        .await
        .see("Reset OTP")
        .await;
    developer.pictures("portal-otp-locked").await;
    developer
        .click("Home")
        .await
        .see("The one-time password is locked")
        .await;
    let ada = console_of(&world, "ada").await;
    ada.open("/integration-applications").await;
    ada.click("Actions for Payroll Bridge").await;
    ada.click_at("Payroll Bridge", "Manage Developer Portal Access")
        .await
        .see("Locked")
        .await;
    ada.pictures("developer-locked").await;
    ada.click("Reset OTP").await.see("OTP reset").await;
    ada.pictures("otp-reset").await;
    developer.click("Payroll Bridge").await.see("Time left").await;
    world.pass(TimeDelta::days(4));
    log_in(&developer).await;
    developer.see("The one-time password has expired").await;
    developer.click("Payroll Bridge").await.see("Reset OTP").await;
    developer.pictures("portal-otp-expired").await;
    let person = world.logged_in(DEVELOPER).await;
    person
        .post(&portal_at(&app, "/verify"), json!({"otp": "AAAA-AAAA"}))
        .await
        .expect(410);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r3_an_auditor_sees_and_downloads_and_changes_nothing() {
    let world = World::on_sqlite().await;
    world.created(&world.ada().await, "Payroll Bridge").await;
    let audrey = console_of(&world, "audrey").await;
    audrey
        .see("Payroll Bridge")
        .await
        .miss("New Integration Application")
        .await;
    audrey
        .click("Payroll Bridge")
        .await
        .miss("Suspend")
        .await
        .click("More actions")
        .await
        .see("Download Activity Log")
        .await;
    audrey.pictures("application-of-an-auditor").await;
    audrey.click("Download Activity Log").await;
    assert!(audrey.downloaded(".csv").await.contains("NewIntegrationCreated"));
    world
        .permit("acme", "audrey", Permission::ViewActivityLogs, false)
        .await;
    audrey
        .click("Integration Applications")
        .await
        .see("You do not have access to your group’s integration applications")
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_database_is_away_the_page_says_so_and_afterwards_it_goes_on() {
    let (road, database) = (Proxy::start().await, new_postgres().await);
    let world = World::on_database(road.through(&database)).await;
    let ada = console_of(&world, "ada").await;
    road.cut().await;
    ada.click("Integration Applications")
        .await
        .see("Temporarily unavailable")
        .await;
    ada.pictures("out-of-reach").await;
    road.mend();
    let anybody = world.anybody();
    eventually("database", async || {
        (anybody.get("/readyz").await.status == 200).then_some(())
    })
    .await;
    ada.click("Continue").await.see("No integration applications yet").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_guesses_passwords_is_slowed_down_and_told_for_how_long() {
    let world = World::on_sqlite().await;
    world.give_password("acme", "ada").await;
    let guesser = Chromium::new(&world).await;
    guesser.open("/sign-in").await;
    for _ in 0..12 {
        guesser.fill("E-mail address", "ada@acme.example").await;
        guesser.fill("Password", "a wild guess of a password").await;
        guesser.click("Sign in").await;
    }
    guesser.see("Too many failed attempts. Try again in").await;
    assert_eq!(guesser.read("E-mail address").await, "ada@acme.example");
    guesser.pictures("too-many-attempts").await;
    world.pass(TimeDelta::hours(1));
    sign_in(&guesser, "ada@acme.example").await;
    guesser.see("No integration applications yet").await;
}
