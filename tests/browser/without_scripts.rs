//! The same without scripts: everything works except for copying.

use crate::support::World;
use crate::support::chromium::Chromium;

use super::{DEVELOPER, sign_in, sign_up};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_application_is_created_verified_and_revoked_without_scripts() {
    let world = World::on_sqlite().await;
    world.give_password("acme", "ada").await;
    let ada = Chromium::without_scripts(&world).await;
    ada.open("/").await;
    sign_in(&ada, "ada@acme.example").await;
    ada.click("New Integration Application").await;
    ada.check("New Integration").await;
    ada.click("Next Step").await;
    ada.fill("Application Name", "Payroll Bridge").await;
    ada.fill("Application Description", "Posts journals.").await;
    ada.fill("Category", "Payroll & HR").await;
    ada.fill("Integration/Developers Email", DEVELOPER).await;
    ada.check("Read & Write").await;
    ada.fill("Search entities", "e1").await;
    ada.click("Select all").await.see("1 of 5 selected, 1 shown").await;
    ada.click("Create")
        .await
        .see("Integration Application created")
        .await
        .see("Instructions for the developer")
        .await;
    let otp = ada.read("One-time password (OTP)").await;
    let developer = Chromium::without_scripts(&world).await;
    sign_up(&world, &developer).await;
    developer.click("Payroll Bridge").await;
    developer.fill("One-Time Password (OTP)", &otp).await;
    developer.click("Verify").await.click("Show Credentials").await;
    developer.click("Generate client secret").await;
    let client = (developer.read("ClientId").await, developer.read("ClientSecret").await);
    let token = world.access_token(&client).await;
    assert_eq!(world.gate(&token, "e1", "write").await, "ok");
    ada.click("Go to the application").await.click("Revoke").await;
    ada.click("Yes, revoke it permanently")
        .await
        .see("Its access tokens and client secrets no longer work.")
        .await;
    assert_eq!(world.gate(&token, "e1", "write").await, "app_revoked");
}
