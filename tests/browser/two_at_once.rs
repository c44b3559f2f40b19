//! Two people at once, each with a browser: what one does shows at the other's next click.

use serde_json::json;

use crate::support::chromium::Chromium;
use crate::support::{World, app_at};

use super::{console_of, log_in};

/// The browsers of the admin and of the developer of an application that runs; and the application's page in the console.
async fn both(world: &World) -> (Chromium, Chromium, String) {
    let (_, app, ..) = world.running("Payroll Bridge").await;
    let developer = Chromium::new(world).await;
    log_in(&developer).await;
    let page = format!("/integration-applications/{}", app["id"].as_str().unwrap());
    (console_of(world, "ada").await, developer, page)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r21_access_that_is_revoked_is_gone_at_the_developers_next_click() {
    let world = World::on_sqlite().await;
    let (ada, developer, page) = both(&world).await;
    developer.click("Payroll Bridge").await.see("Show Credentials").await;
    ada.open(&page)
        .await
        .click("Manage Developer Portal Access")
        .await
        .see("Verified")
        .await;
    ada.pictures("developer-verified").await;
    ada.click("Revoke Access").await.see("What goes on working").await;
    ada.pictures("developer-revoke").await;
    ada.click("Yes, revoke the access")
        .await
        .see("The developer’s access has been revoked")
        .await;
    ada.pictures("developer-none").await;
    developer
        .click("Show Credentials")
        .await
        .see("not assigned to you")
        .await;
    developer.pictures("portal-not-assigned").await;
    developer
        .click("Home")
        .await
        .see("No applications are assigned to you")
        .await;
    developer.pictures("portal-home-none").await;
    ada.fill("Developer’s e-mail", "nobody").await;
    ada.click("Register developer")
        .await
        .see("Write an e-mail address")
        .await;
    assert_eq!(ada.read("Developer’s e-mail").await, "nobody");
    ada.fill("Developer’s e-mail", "dev@example.com").await;
    ada.click("Register developer").await.see("Developer registered").await;
    developer.open("/portal").await.see("OTP Verification Needed").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r27_a_suspension_and_a_revocation_show_in_the_portal_at_once() {
    let world = World::on_sqlite().await;
    let (ada, developer, page) = both(&world).await;
    ada.open(&page).await.click("Suspend").await.click("Suspend").await;
    developer
        .click("Payroll Bridge")
        .await
        .see("do not work until it is resumed")
        .await;
    developer.pictures("portal-suspended").await;
    ada.click("Revoke").await.click("Yes, revoke it permanently").await;
    ada.see("permanently").await;
    developer.click("Show Credentials").await;
    developer
        .see("They ended when the application was revoked.")
        .await
        .miss("Retire")
        .await;
    developer.pictures("portal-revoked").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r28_a_form_that_is_out_of_date_says_so_and_shows_both_versions() {
    let world = World::on_sqlite().await;
    let (ada, _, page) = both(&world).await;
    ada.open(&page).await.click("Edit").await;
    ada.fill("Application Description", "What Ada wants.").await;
    let (_, app) = page.rsplit_once('/').unwrap();
    let app = json!({"id": app});
    let wanted = json!({"description": "What Pam wants."});
    let pam = world.user("acme", "pam").await;
    pam.patch(&app_at(&app, ""), wanted).await.expect(200);
    ada.click("Save")
        .await
        .see("Somebody else has changed this application")
        .await;
    ada.see("What Pam wants.").await;
    assert_eq!(ada.read("Application Description").await, "What Ada wants.");
    ada.pictures("edit-changed-meanwhile").await;
    ada.click("Save")
        .await
        .see("Your changes have been saved")
        .await
        .see("What Ada wants.")
        .await;
}
