//! Edit Group Users, when two Practice Admins do it at once or the session ends.

use gatebook_aggregates::group::Permission;

use super::console::goes_on_after_the_session_has_ended;
use crate::support::browser::Browser;
use crate::support::{World, on_both_databases};

on_both_databases! {
    r2_both_permissions_are_changed_together,
    r2_somebody_elses_change_is_told_with_both_versions,
    r2_what_else_happens_in_the_group_is_of_no_matter,
    what_was_ticked_survives_the_end_of_the_session,
    after_the_end_of_the_session_no_link_is_sent_unasked,
}

const ULF: &str = "/group-users/ulf";
const MANAGE: (&str, &str) = ("manage_integration_applications", "true");
const VIEW: (&str, &str) = ("view_activity_logs", "true");

async fn pam(world: &World) -> Browser {
    let mut pam = Browser::of_user(world, "acme", "pam").await;
    pam.open(ULF).await.expect(200);
    pam
}

fn ticked(browser: &Browser) -> usize {
    browser.page.html.matches(" checked").count()
}

async fn r2_both_permissions_are_changed_together(world: World) {
    let mut pam = pam(&world).await;
    let before = world.traces().await;
    pam.send(ULF, &[MANAGE, VIEW])
        .await
        .expect(200)
        .shows("with immediate effect");
    assert_eq!(world.traces().await.events, before.events + 2);
    assert_eq!(ticked(&pam), 2);
    pam.send(ULF, &[VIEW]).await.expect(200);
    pam.open("/group-users")
        .await
        .shows("Ulf User ulf@acme.example User View Activity Logs");
}

async fn r2_somebody_elses_change_is_told_with_both_versions(world: World) {
    let mut pam = pam(&world).await;
    let form = pam.page.clone();
    world
        .permit("acme", "ulf", Permission::ManageIntegrationApplications, true)
        .await;
    let before = world.traces().await;
    let page = pam.send(ULF, &[VIEW]).await.expect(412);
    page.shows("Somebody else has changed these permissions");
    page.shows("Manage Integration Applications granted not granted");
    page.shows("View Activity Logs not granted granted");
    assert_eq!((ticked(&pam), world.traces().await), (1, before));
    pam.send(ULF, &[VIEW]).await.expect(200);
    pam.open("/group-users")
        .await
        .shows("Ulf User ulf@acme.example User View Activity Logs");
    // The same form again has nothing left to do.
    let before = world.traces().await;
    pam.page = form;
    pam.send(ULF, &[VIEW]).await.expect(200).shows("with immediate effect");
    assert_eq!(world.traces().await, before);
}

async fn r2_what_else_happens_in_the_group_is_of_no_matter(world: World) {
    let mut pam = pam(&world).await;
    world
        .permit("acme", "audrey", Permission::ViewActivityLogs, false)
        .await;
    world.ada().await;
    pam.send(ULF, &[MANAGE])
        .await
        .expect(200)
        .shows("with immediate effect");
}

async fn what_was_ticked_survives_the_end_of_the_session(world: World) {
    let mut pam = pam(&world).await;
    goes_on_after_the_session_has_ended(&world, &mut pam, "pam@acme.example", ULF, &[VIEW]).await;
    assert_eq!(ticked(&pam), 1);
    pam.send(ULF, &[VIEW]).await.expect(200).shows("with immediate effect");
}

async fn after_the_end_of_the_session_no_link_is_sent_unasked(world: World) {
    let mut pam = pam(&world).await;
    let send = format!("{ULF}/password-link");
    goes_on_after_the_session_has_ended(&world, &mut pam, "pam@acme.example", &send, &[]).await;
    pam.page.shows("Edit Group User").hides("The link is on its way");
    assert!(world.mails().await.is_empty());
    pam.send(&send, &[]).await.expect(200).shows("The link is on its way");
}
