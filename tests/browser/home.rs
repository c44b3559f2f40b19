//! What needs attention on the home pages: seen, and settled with one click.

use chrono::TimeDelta;

use super::{console_of, sign_up};
use crate::support::World;
use crate::support::chromium::Chromium;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invite_that_has_expired_is_made_anew_with_one_click() {
    let world = World::on_sqlite().await;
    world.created(&world.ada().await, "Payroll Bridge").await;
    world.pass(TimeDelta::hours(72));
    let ada = console_of(&world, "ada").await;
    ada.open("/")
        .await
        .see("Needs attention")
        .await
        .see("Invite expired")
        .await;
    ada.pictures("home").await;
    ada.click("New invite and OTP for Payroll Bridge")
        .await
        .see("It does not contain the OTP")
        .await;
    let otp = ada.read("One-time password (OTP)").await;
    ada.open("/").await.see("Every application is as it should be").await;
    let developer = Chromium::new(&world).await;
    sign_up(&world, &developer).await;
    developer
        .see("OTP Verification Needed")
        .await
        .pictures("portal-home-waiting")
        .await;
    developer.click("Payroll Bridge").await;
    developer.fill("One-Time Password (OTP)", &otp).await;
    developer.click("Verify").await.see("Show Credentials").await;
}
