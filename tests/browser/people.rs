//! One's own account: sessions, API tokens, password; in the console and in the portal.

use chrono::TimeDelta;

use crate::support::World;
use crate::support::chromium::Chromium;
use crate::support::world::PASSWORD;

use super::{console_of, log_in};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_api_token_is_made_copied_seen_and_ended() {
    let world = World::on_sqlite().await;
    let ada = console_of(&world, "ada").await;
    ada.click("Ada Admin")
        .await
        .click("Your account")
        .await
        .see("API tokens")
        .await;
    ada.fill("Name of the new token", "Nightly export").await;
    ada.fill("Your password", PASSWORD).await;
    ada.click("Create token").await.see("You will not see it again").await;
    ada.pictures("api-token").await;
    let token = world.person(Some(ada.copy("API token").await));
    token.get("/api/v1/integration-apps").await.expect(200);
    ada.click("Done").await.see("Nightly export").await;
    ada.pictures("account").await;
    ada.click_at("Nightly export", "End token")
        .await
        .see("End this token?")
        .await;
    ada.pictures("end-token").await;
    ada.click("End token")
        .await
        .see("Your account")
        .await
        .miss("Nightly export")
        .await;
    token.get("/api/v1/integration-apps").await.expect(401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_is_ended_from_another_browser() {
    let world = World::on_sqlite().await;
    let _ = world.running("Payroll Bridge").await;
    let (desk, phone) = (Chromium::new(&world).await, Chromium::new(&world).await);
    log_in(&desk).await;
    desk.see("Payroll Bridge").await;
    world.pass(TimeDelta::minutes(7));
    log_in(&phone).await;
    phone.see("Payroll Bridge").await;
    world.pass(TimeDelta::minutes(3));
    desk.click("Dev Eloper")
        .await
        .click("Your account")
        .await
        .see("this session")
        .await;
    desk.pictures("portal-your-account").await;
    desk.click_at("09:07", "End session")
        .await
        .see("End this session?")
        .await;
    desk.pictures("end-session").await;
    desk.click("End session").await.see("The session has been ended.").await;
    phone
        .click("Dev Eloper")
        .await
        .click("Your account")
        .await
        .see("Log in to the Developer Portal")
        .await;
}
