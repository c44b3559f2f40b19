//! The operators' pages.

use crate::support::chromium::Chromium;
use crate::support::{APPS, World};

async fn operator(world: &World) -> Chromium {
    let operator = Chromium::new(world).await;
    operator.open("/operator").await.see("Sign in as an operator").await;
    operator.pictures("operator-sign-in").await;
    operator.fill("Operator token", "gbo_wrong").await;
    operator
        .click("Sign in")
        .await
        .see("This is no valid operator token.")
        .await;
    operator
        .fill("Operator token", world.operator.token.as_deref().unwrap())
        .await;
    operator.click("Sign in").await.see("Olga Operator").await;
    operator
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_is_made_with_its_entities_and_its_first_admin() {
    let world = World::on_sqlite().await;
    let olga = operator(&world).await;
    olga.see("Acme Group").await;
    olga.fill("Group id", "umbrella").await;
    olga.fill("Name", "Umbrella Group").await;
    olga.pictures("operator-groups").await;
    olga.click("New group").await.see("Umbrella Group").await;
    olga.see("There is no entity yet.").await;
    olga.click("Add or rename an entity").await;
    olga.fill("Entity id", "u1").await;
    olga.fill("Entity name", "Umbrella One").await;
    olga.click("Add or rename")
        .await
        .see("Saved, with immediate effect.")
        .await;
    olga.click("Add or change a user").await;
    olga.fill("User id", "una").await;
    olga.fill("E-mail", "una@umbrella.example").await;
    olga.fill("Role", "Practice Admin").await;
    olga.pictures("operator-group").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn projections_are_rebuilt_and_verified() {
    let world = World::on_sqlite().await;
    world.created(&world.ada().await, "Payroll Bridge").await;
    let olga = operator(&world).await;
    olga.click("Projections").await.see("token_gate").await;
    olga.click("Rebuild all").await.see("ended.").await;
    olga.pictures("operator-projections").await;
    olga.click_at("app_list 2", "Verify")
        .await
        .see("Verification of app_list: ended.")
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_and_the_outbox_are_looked_through() {
    let world = World::on_sqlite().await;
    let ada = world.ada().await;
    world.created(&ada, "Payroll Bridge").await;
    ada.post(APPS, World::aiq_integrate("Feeds")).await.expect(201);
    let olga = operator(&world).await;
    olga.click("AIQ Integrate").await.see("Feeds").await;
    olga.pictures("operator-requests").await;
    olga.click("Generate client secret")
        .await
        .see("It is shown this once only")
        .await;
    assert!(olga.copy("ClientSecret").await.starts_with("gbs_"));
    olga.click("Outbox")
        .await
        .see("dev@example.com")
        .await
        .see("invitation")
        .await;
    olga.pictures("operator-outbox").await;
    olga.fill("State", "Failed").await;
    olga.click("Search").await.see("There is no such mail.").await;
}
