//! The operators' pages.

use gatebook::store::ConnectionPurpose;

use crate::support::chromium::Chromium;
use crate::support::eventually::eventually;
use crate::support::{APPS, World};

/// The browser of an operator who is signed in.
pub async fn operator(world: &World) -> Chromium {
    let operator = Chromium::new(world).await;
    operator.open("/operator").await.see("Sign in as an operator").await;
    operator.pictures("operator-sign-in").await;
    operator.fill("Operator token", "gbo_wrong").await;
    operator
        .click("Sign in")
        .await
        .see("This operator token is not valid.")
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
    olga.click("Create group").await.see("Umbrella Group").await;
    olga.see("No entities yet.").await;
    olga.click("Add or rename an entity").await;
    olga.fill("Entity id", "u1").await;
    olga.fill("Entity name", "Umbrella One").await;
    olga.click("Add or rename")
        .await
        .see("Saved, with immediate effect.")
        .await;
    assert_eq!(olga.focused().await, "Saved, with immediate effect.");
    olga.click("Add or change a user").await;
    olga.fill("User id", "una").await;
    olga.fill("E-mail", "una@umbrella.example").await;
    olga.fill("Role", "Practice Admin").await;
    olga.pictures("operator-group").await;
    olga.fill("E-mail", "una").await;
    olga.click("Add or change")
        .await
        .see("Fill in “Name of the user”.")
        .await;
    olga.pictures("operator-group-problems").await;
    assert_eq!(olga.read("E-mail").await, "una");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_stops_something_is_asked_first() {
    let world = World::on_sqlite().await;
    world.created(&world.ada().await, "Payroll Bridge").await;
    let olga = operator(&world).await;
    olga.click("Acme Group").await;
    olga.click_at("Entity E1", "Remove").await.see("Payroll Bridge").await;
    olga.pictures("operator-remove-entity").await;
    olga.click("Cancel").await.click_at("Pam Practice", "Remove").await;
    olga.see("This is the group’s only Practice Admin.").await;
    olga.pictures("operator-remove-user").await;
    olga.click("Cancel").await.fill("Product plan", "AIQ2").await;
    olga.click("Save").await.see("from AIQ3 to AIQ2?").await;
    olga.pictures("operator-plan").await;
    olga.click("Cancel").await.fill("Name", "Acme Holding").await;
    world.plan("acme", "Acme Inc", "AIQ3").await;
    olga.click("Save")
        .await
        .see("Somebody else has changed this group")
        .await;
    olga.pictures("operator-group-changed-meanwhile").await;
    olga.click("Save").await.see("Saved, with immediate effect.").await;
    olga.see("Acme Holding").await;
}

/// How often the page of the projections was asked for.
async fn looks(world: &World) -> u64 {
    let metrics = world.anybody().get("/metrics").await.expect(200).text();
    let counted = metrics
        .lines()
        .filter(|line| line.starts_with("gatebook_http_requests_total") && line.contains("\"/operator/projections\""))
        .filter(|line| line.contains("GET"));
    counted
        .filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok())
        .sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_is_followed_while_the_reader_stays_where_they_are() {
    let world = World::on_sqlite().await;
    world.created(&world.ada().await, "Payroll Bridge").await;
    let olga = operator(&world).await;
    olga.click("Projections").await;
    // Whoever holds the right to write keeps the rebuild waiting.
    let hold = world.database().begin(ConnectionPurpose::Write).await.unwrap();
    olga.click("Rebuild all")
        .await
        .see("running.")
        .await
        .see("Refresh")
        .await;
    olga.pictures("operator-projections-under-way").await;
    olga.click("Verify all")
        .await
        .see("A rebuild or verification is already running.")
        .await
        .see("running.")
        .await;
    let focused = olga.focused().await;
    let seen = looks(&world).await;
    eventually("third look", async || (looks(&world).await >= seen + 3).then_some(())).await;
    assert_eq!(olga.focused().await, focused, "the focus was moved");
    drop(hold);
    olga.see("finished.").await.see("app_list: generation 2, 1 rows").await;
    olga.see("app_list 2 23 November 2026").await.miss("Refresh").await;
    assert_eq!(olga.focused().await, focused, "the focus was moved");
    olga.pictures("operator-projections-followed").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn projections_are_rebuilt_and_verified() {
    let world = World::on_sqlite().await;
    world.created(&world.ada().await, "Payroll Bridge").await;
    let olga = operator(&world).await;
    olga.click("Projections").await.see("token_gate").await;
    olga.click("Rebuild all").await.see("finished.").await;
    olga.pictures("operator-projections").await;
    olga.click_at("app_list 2", "Verify")
        .await
        .see("Verification of app_list: finished.")
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
        .see("You will not see it again")
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
    olga.click("Search").await.see("No e-mails match.").await;
}
