//! The links of mails: their tokens are in no address that a browser shows, remembers or tells.

use serde_json::json;

use super::{DEVELOPER, create_account, log_in};
use crate::support::World;
use crate::support::chromium::Chromium;

/// From the mail to the account, going back and loading again on the way.
async fn signs_up_without_a_token_in_the_address(world: &World, browser: &Chromium) {
    let invitation = world.last_mail_to(DEVELOPER).await.link();
    let clean = format!("{}/portal/sign-up", world.base_url);
    browser.open("/portal/log-in").await;
    browser.open(&invitation).await.see(DEVELOPER).await;
    assert_eq!(browser.address().await, clean);
    browser.reload().await.see(DEVELOPER).await;
    browser.back().await;
    assert_eq!(
        browser.path().await,
        "/portal/log-in",
        "the link itself is not in the history"
    );
    browser.open(&invitation).await.see(DEVELOPER).await;
    browser
        .click("Send verification code")
        .await
        .see("Create your account")
        .await;
    browser.back().await.see(DEVELOPER).await;
    assert_eq!(browser.address().await, clean);
    browser.click("Send verification code").await;
    create_account(world, browser).await;
    log_in(browser).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r19_the_invitation_leaves_the_address_at_once() {
    let world = World::on_sqlite().await;
    world.created(&world.ada().await, "Payroll Bridge").await;
    let developer = Chromium::new(&world).await;
    signs_up_without_a_token_in_the_address(&world, &developer).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r19_the_invitation_leaves_the_address_without_scripts_too() {
    let world = World::on_sqlite().await;
    world.created(&world.ada().await, "Payroll Bridge").await;
    let developer = Chromium::without_scripts(&world).await;
    signs_up_without_a_token_in_the_address(&world, &developer).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_to_a_password_leaves_the_address_at_once() {
    let world = World::on_sqlite().await;
    let path = "/operator/api/v1/groups/acme/users/ulf/password-link";
    world.operator.post(path, json!({})).await.expect(202);
    let link = world.last_mail_to("ulf@acme.example").await.link();
    let ulf = Chromium::new(&world).await;
    ulf.open(&link).await.see("Choose a password").await;
    assert_eq!(ulf.address().await, format!("{}/set-password", world.base_url));
    ulf.reload().await.see("Choose a password").await;
    ulf.fill("New password", "another long and quiet password").await;
    ulf.fill("Repeat the password", "another long and quiet password").await;
    ulf.click("Choose password").await.see("Your new password is set").await;
}
