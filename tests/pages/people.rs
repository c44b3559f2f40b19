//! Edit Group Users, and one's own account in the console.

use chrono::TimeDelta;
use serde_json::json;

use crate::support::browser::Browser;
use crate::support::world::PASSWORD;
use crate::support::{World, on_both_databases};

on_both_databases! {
    r2_a_practice_admin_grants_and_withdraws_permissions,
    r2_nobody_else_edits_group_users,
    a_password_is_chosen_with_a_link_that_works_once_for_three_days,
    operators_send_a_password_link_over_json,
    somebody_in_several_groups_chooses_one,
    r2_a_practice_admin_holds_permissions_by_right,
}

pub(super) const NEW_PASSWORD: &str = "another long and quiet password";

async fn r2_a_practice_admin_grants_and_withdraws_permissions(world: World) {
    let mut pam = Browser::of_user(&world, "acme", "pam").await;
    let page = pam.open("/group-users").await.expect(200);
    page.shows("Ulf User ulf@acme.example User none").shows("Ada Admin");
    pam.open("/group-users/ulf")
        .await
        .expect(200)
        .shows("Manage Integration Applications");
    let page = pam
        .send("/group-users/ulf", &[("manage_integration_applications", "true")])
        .await;
    page.expect(200).shows("with immediate effect");
    let ulf = world.user("acme", "ulf").await;
    ulf.post("/api/v1/integration-apps", World::new_integration("Ulf's"))
        .await
        .expect(201);
    let before = world.traces().await;
    pam.open("/group-users/ulf").await;
    pam.send("/group-users/ulf", &[("manage_integration_applications", "true")])
        .await
        .expect(200);
    assert_eq!(world.traces().await, before, "nothing was changed");
    pam.send("/group-users/ulf", &[]).await.expect(200);
    ulf.post("/api/v1/integration-apps", World::new_integration("More"))
        .await
        .refused(403, "forbidden");
}

async fn r2_nobody_else_edits_group_users(world: World) {
    let mut ada = Browser::of_user(&world, "acme", "ada").await;
    ada.open("/group-users")
        .await
        .expect(403)
        .shows("Only a Practice Admin of your group can do this");
    ada.open("/group-users/ulf").await.expect(403);
    let mut pam = Browser::of_user(&world, "globex", "pam").await;
    pam.open("/group-users/ulf").await.expect(404);
}

async fn r2_a_practice_admin_holds_permissions_by_right(world: World) {
    let mut pam = Browser::of_user(&world, "acme", "pam").await;
    let page = pam.open("/group-users/pam").await.expect(200);
    page.shows("Manage Integration Applications by default View Activity Logs by default")
        .hides("Process");
    pam.open("/group-users/ulf").await.shows("Process").hides("by default");
}

/// Where a mailed link leads.
pub(super) fn path(link: &str) -> String {
    let after_scheme = link.split_once("://").unwrap().1;
    format!("/{}", after_scheme.split_once('/').unwrap().1)
}

async fn a_password_is_chosen_with_a_link_that_works_once_for_three_days(world: World) {
    let mut pam = Browser::of_user(&world, "acme", "pam").await;
    pam.open("/group-users/ulf").await;
    pam.send("/group-users/ulf/password-link", &[])
        .await
        .expect(200)
        .shows("The link is on its way");
    let first = path(&world.last_mail_to("ulf@acme.example").await.link());
    let mut ulf = Browser::new(&world);
    ulf.open(&first).await.expect(200).shows("Choose a password");
    let wrong = [("password", "too short"), ("repeated", "too short")];
    ulf.send("/set-password", &wrong).await.expect(422).shows("15");
    let differing = [("password", NEW_PASSWORD), ("repeated", PASSWORD)];
    ulf.send("/set-password", &differing)
        .await
        .expect(422)
        .shows("The two passwords differ");
    let right = [("password", NEW_PASSWORD), ("repeated", NEW_PASSWORD)];
    ulf.send("/set-password", &right)
        .await
        .expect(200)
        .shows("Your new password is set");
    ulf.open(&first).await.expect(404).shows("Request a new one");
    ulf.open("/sign-in").await;
    let sign_in = [("email", "ulf@acme.example"), ("password", NEW_PASSWORD)];
    ulf.send("/sign-in", &sign_in)
        .await
        .expect(403)
        .shows("Manage Integration Applications");

    pam.open("/group-users/ulf").await;
    pam.send("/group-users/ulf/password-link", &[]).await.expect(200);
    let second = path(&world.last_mail_to("ulf@acme.example").await.link());
    world.pass(TimeDelta::days(3) - TimeDelta::milliseconds(1));
    ulf.open(&second).await.expect(200);
    world.pass(TimeDelta::milliseconds(1));
    ulf.send("/set-password", &right)
        .await
        .expect(410)
        .shows("This link has expired");
    ulf.open(&second).await.expect(410).shows("This link has expired");
}

async fn operators_send_a_password_link_over_json(world: World) {
    let send = "/operator/api/v1/groups/acme/users/ulf/password-link";
    world.operator.post(send, json!({})).await.expect(202);
    assert!(
        world
            .last_mail_to("ulf@acme.example")
            .await
            .link()
            .contains("/set-password?link=gbl_")
    );
    let nobody = "/operator/api/v1/groups/acme/users/nobody/password-link";
    world.operator.post(nobody, json!({})).await.refused(404, "not_found");
    world
        .ada()
        .await
        .post(send, json!({}))
        .await
        .refused(401, "unauthenticated");
}

async fn somebody_in_several_groups_chooses_one(world: World) {
    use gatebook_aggregates::email_address::EmailAddress;
    use gatebook_aggregates::group::Role;
    use gatebook_aggregates::identifiers::{GroupId, UserId};
    use gatebook_aggregates::text::Label;

    let mut ada = Browser::of_user(&world, "acme", "ada").await;
    let (globex, id) = (GroupId::parse("globex").unwrap(), UserId::parse("ada.too").unwrap());
    let (email, name) = (
        EmailAddress::parse("email", "ADA@acme.example").unwrap(),
        Label::parse("name", "Ada at Globex").unwrap(),
    );
    let operator = gatebook::application::Caller::command_line("test".to_owned());
    let put = world.gatebook.put_user(
        operator.operator().unwrap(),
        &globex,
        id.clone(),
        email,
        name,
        Role::PracticeAdmin,
    );
    put.await.unwrap();
    let password = gatebook::secrets::Password::parse(PASSWORD).unwrap();
    world
        .gatebook
        .set_sample_password(&globex, &id, &password)
        .await
        .unwrap();
    ada.open("/sign-in").await;
    let sign_in = [("email", "ada@acme.example"), ("password", PASSWORD)];
    ada.send("/sign-in", &sign_in)
        .await
        .expect(200)
        .shows("You belong to several groups");
    let chosen = [
        ("email", "ada@acme.example"),
        ("password", PASSWORD),
        ("group", "globex"),
    ];
    ada.send("/sign-in", &chosen).await.expect(200).shows("Ada at Globex");
}
