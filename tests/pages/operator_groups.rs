//! The operators’ pages about groups: customers, their entities, their users.

use gatebook_aggregates::group::Role;

use super::operator::operator;
use crate::support::{World, on_both_databases};

on_both_databases! {
    groups_entities_and_users_are_provisioned,
    a_second_click_finds_the_group_as_the_first_has_made_it,
    a_form_that_is_out_of_date_restores_no_old_plan,
    r1_a_plan_without_integration_applications_asks_first_and_names_what_stops,
    r25_removing_an_entity_asks_first_and_names_the_applications,
    removing_a_user_asks_first_and_says_when_they_are_the_last_practice_admin,
    what_is_wrong_is_told_beside_its_field_in_the_words_of_the_page,
    repeated_buttons_say_of_what_they_are,
}

const ACME: &str = "/operator/groups/acme";

async fn groups_entities_and_users_are_provisioned(world: World) {
    let mut olga = operator(&world).await;
    olga.open("/operator/groups").await;
    let bad = [("group_id", "ho oli"), ("name", ""), ("product_plan", "AIQ3")];
    let page = olga.send("/operator/groups", &bad).await.expect(422).clone();
    assert_eq!(page.value("group_id").as_deref(), Some("ho oli"));
    let good = [("group_id", "hooli"), ("name", "Hooli <i>"), ("product_plan", "AIQ3")];
    olga.send("/operator/groups", &good)
        .await
        .expect(200)
        .shows("Hooli <i>");
    let here = "/operator/groups/hooli";
    let entity = [("do", "put-entity"), ("entity_id", "h1"), ("entity_name", "Hooli One")];
    olga.send_in(here, &entity)
        .await
        .expect(200)
        .shows("Hooli One")
        .shows("Saved");
    let user = [
        ("do", "put-user"),
        ("user_id", "gavin"),
        ("email", "gavin@hooli.example"),
        ("user_name", "Gavin"),
        ("role", "practice_admin"),
    ];
    olga.send_in(here, &user)
        .await
        .expect(200)
        .shows("Gavin gavin gavin@hooli.example Practice Admin");
    let link = [("do", "password-link"), ("user_id", "gavin")];
    olga.send_in(here, &link).await.expect(200).shows("on its way");
    let mail = world.last_mail_to("gavin@hooli.example").await;
    assert!(mail.link().contains("/set-password"));
    for (gone, left) in [("entities/h1", "No entities yet"), ("users/gavin", "No users yet")] {
        let remove = format!("{here}/{gone}/remove");
        let question = olga.open(&remove).await.expect(200).clone();
        olga.send(&remove, &[]).await.expect(200).shows("Removed").shows(left);
        olga.page = question;
        olga.send(&remove, &[]).await.expect(200).shows(left);
        olga.open(&remove).await.expect(404);
    }
}

async fn a_second_click_finds_the_group_as_the_first_has_made_it(world: World) {
    let mut olga = operator(&world).await;
    let form = olga.open("/operator/groups").await.clone();
    let new = [("group_id", "hooli"), ("name", "Hooli"), ("product_plan", "AIQ3")];
    olga.send("/operator/groups", &new).await.expect(200);
    let before = world.traces().await;
    olga.page = form.clone();
    olga.send("/operator/groups", &new)
        .await
        .expect(200)
        .shows("No entities yet");
    olga.page = form;
    let other = [("group_id", "hooli"), ("name", "Another"), ("product_plan", "AIQ3")];
    olga.send("/operator/groups", &other)
        .await
        .expect(422)
        .shows("A group with this id already exists");
    assert_eq!(world.traces().await, before);
}

async fn a_form_that_is_out_of_date_restores_no_old_plan(world: World) {
    let mut olga = operator(&world).await;
    let form = olga.open(ACME).await.expect(200).clone();
    world.plan("acme", "Acme Group", "AIQ2").await;
    let before = world.traces().await;
    let shown = |name: &str| form.value(name).unwrap();
    let (name, plan) = (shown("shown_name"), shown("shown_plan"));
    let stale = [
        ("do", "describe"),
        ("shown_name", name.as_str()),
        ("shown_plan", plan.as_str()),
        ("name", "Acme Holding"),
        ("product_plan", "AIQ3"),
    ];
    let page = olga.send_in(ACME, &stale).await.expect(412).clone();
    page.shows("Somebody else has changed this group")
        .shows("Product plan AIQ2 AIQ3")
        .shows("Name Acme Group Acme Holding");
    assert_eq!(world.traces().await, before);
    assert_eq!(page.value("name").as_deref(), Some("Acme Holding"));
    assert_eq!(page.value("shown_plan").as_deref(), Some("AIQ2"));
    let again = [
        ("do", "describe"),
        ("shown_name", "Acme Group"),
        ("shown_plan", "AIQ2"),
        ("name", "Acme Holding"),
        ("product_plan", "AIQ3"),
    ];
    for click in 1..=2 {
        let page = olga.send_in(ACME, &again).await.expect(200);
        assert!(page.text().contains("Saved"), "click {click}");
    }
    assert_eq!(olga.page.value("product_plan").as_deref(), Some("AIQ3"));
}

async fn r1_a_plan_without_integration_applications_asks_first_and_names_what_stops(world: World) {
    world.created(&world.ada().await, "Payroll Bridge").await;
    let mut olga = operator(&world).await;
    olga.open(ACME).await;
    let before = world.traces().await;
    let off = [
        ("do", "describe"),
        ("shown_name", "Acme Group"),
        ("shown_plan", "AIQ3"),
        ("name", "Acme Group"),
        ("product_plan", "AIQ2"),
    ];
    olga.send_in(ACME, &off)
        .await
        .expect(200)
        .shows("Change the plan of Acme Group from AIQ3 to AIQ2")
        .shows("integrations stop at once")
        .shows("Payroll Bridge");
    assert_eq!(world.traces().await, before);
    olga.send(ACME, &[]).await.expect(200).shows("Saved");
    assert_eq!(olga.page.value("product_plan").as_deref(), Some("AIQ2"));
}

async fn r25_removing_an_entity_asks_first_and_names_the_applications(world: World) {
    let ada = world.ada().await;
    world.created(&ada, "Payroll Bridge").await;
    let gone = world.created(&ada, "Revoked One").await;
    ada.post(&crate::support::app_at(&gone, "/revoke"), serde_json::json!({}))
        .await
        .expect(200);
    let mut olga = operator(&world).await;
    olga.open(ACME).await.expect(200);
    let before = world.traces().await;
    olga.open("/operator/groups/acme/entities/e1/remove")
        .await
        .expect(200)
        .shows("Remove Entity E1 from Acme Group")
        .shows("Payroll Bridge")
        .hides("Revoked One");
    olga.open("/operator/groups/acme/entities/e5/remove")
        .await
        .expect(200)
        .shows("No applications are affected at the moment.");
    assert_eq!(world.traces().await, before);
}

async fn removing_a_user_asks_first_and_says_when_they_are_the_last_practice_admin(world: World) {
    let mut olga = operator(&world).await;
    let remove = |user: &str| format!("{ACME}/users/{user}/remove");
    olga.open(&remove("ulf"))
        .await
        .expect(200)
        .shows("Remove Ulf User from Acme Group")
        .shows("ulf@acme.example is signed out everywhere")
        .hides("only Practice Admin");
    olga.open(&remove("pam"))
        .await
        .shows("This is the group’s only Practice Admin.");
    world.add_user("acme", "petra", "Petra", Role::PracticeAdmin).await;
    olga.open(&remove("pam")).await.hides("only Practice Admin");
}

async fn what_is_wrong_is_told_beside_its_field_in_the_words_of_the_page(world: World) {
    let mut olga = operator(&world).await;
    olga.open(ACME).await;
    let wrong = [
        ("do", "put-user"),
        ("user_id", "x y"),
        ("email", "nope"),
        ("user_name", ""),
        ("role", "user"),
    ];
    let page = olga.send_in(ACME, &wrong).await.expect(422).clone();
    page.shows("Fill in “Name of the user”.").hides("user_name");
    for field in ["user_id", "email", "user_name"] {
        assert!(
            page.html.contains(&format!("id=\"{field}-error\"")),
            "{field}: {}",
            page.html
        );
        assert!(
            page.html.contains(&format!("href=\"#{field}\"")),
            "{field}: {}",
            page.html
        );
    }
    assert_eq!(page.value("email").as_deref(), Some("nope"));
    let entity = [("do", "put-entity"), ("entity_id", ""), ("entity_name", "")];
    let page = olga.send_in(ACME, &entity).await.expect(422).clone();
    page.shows("Fill in “Entity name”.").hides("entity_name");
    olga.open("/operator/groups").await;
    let group = [("group_id", ""), ("name", ""), ("product_plan", "")];
    olga.send("/operator/groups", &group)
        .await
        .expect(422)
        .shows("Fill in “Product plan”.")
        .hides("product_plan");
}

async fn repeated_buttons_say_of_what_they_are(world: World) {
    let mut olga = operator(&world).await;
    for (page, names) in [
        (
            ACME,
            vec!["Remove Entity E1", "Remove Ulf User", "Send password link to Ulf User"],
        ),
        ("/operator/projections", vec!["Rebuild app_list", "Verify token_gate"]),
    ] {
        olga.open(page).await.expect(200);
        for name in names {
            let label = format!("aria-label=\"{name}\"");
            assert!(olga.page.html.contains(&label), "{label}: {}", olga.page.html);
        }
    }
}
