//! Edit, suspend, resume, revoke.

use serde_json::{Value, json};

use super::console::{HOSTILE, ada, at, goes_on_after_the_session_has_ended, is_harmless};
use crate::support::browser::Browser;
use crate::support::{APPS, World, app_at, on_both_databases};

on_both_databases! {
    description_category_and_entities_are_edited_with_immediate_effect,
    r6_r10_what_is_fixed_is_greyed_out,
    every_rule_is_told_beside_its_field,
    somebody_elses_change_is_told_with_both_versions,
    sent_twice_an_edit_happens_once,
    what_is_not_touched_stays_to_the_letter,
    the_edits_survive_the_end_of_the_session,
    r27_an_application_is_suspended_and_resumed,
    r27_revoking_asks_first_and_is_final,
    a_reason_that_is_too_long_is_told_and_kept,
}

/// Whoever was asked.
const SURE: (&str, &str) = ("sure", "yes");

async fn read(world: &World, app: &Value) -> Value {
    world.ada().await.get(&app_at(app, "")).await.expect(200).json()
}

fn ids(app: &Value) -> Vec<&str> {
    let entities = app["entities"].as_array().unwrap();
    entities.iter().map(|entity| entity["id"].as_str().unwrap()).collect()
}

async fn description_category_and_entities_are_edited_with_immediate_effect(world: World) {
    let app = world.created(&world.ada().await, "Payroll").await;
    let (mut ada, path) = (ada(&world).await, at(&app, "/edit"));
    ada.open(&path)
        .await
        .expect(200)
        .shows("Posts the payroll journals of every month.");
    let fields = [
        ("description", "Something else."),
        ("category", "inventory"),
        ("entities", "e2"),
        ("entities", "e5"),
    ];
    ada.send(&path, &fields)
        .await
        .expect(200)
        .shows("with fewer entities?")
        .shows("It loses 1 entity at once: Entity E1");
    assert_eq!(ids(&read(&world, &app).await), ["e1", "e2"]);
    let page = ada.send(&path, &[]).await.expect(200);
    page.shows("Your changes have been saved")
        .shows("Something else.")
        .shows("Inventory & Stock")
        .shows("Entity E5");
    let page = ada.open(&at(&app, "/entities")).await.expect(200);
    page.shows("Entity E2").shows("Entity E5").hides("Entity E1");
    let now = read(&world, &app).await;
    assert_eq!(ids(&now), ["e2", "e5"]);
    // R11: down to none.
    ada.open(&path).await.expect(200);
    ada.send(&path, &fields[..2])
        .await
        .expect(200)
        .shows("No entity is left.");
    assert_eq!(ids(&read(&world, &app).await), ["e2", "e5"]);
    ada.send(&path, &[])
        .await
        .expect(200)
        .shows("has no access to any data");
    assert!(ids(&read(&world, &app).await).is_empty());
}

async fn r6_r10_what_is_fixed_is_greyed_out(world: World) {
    let api = world.ada().await;
    let app = world.created(&api, "Payroll").await;
    let custom = json!({"integrate_type": "custom", "category": "other"});
    let custom = World::with(World::aiq_integrate("Custom"), custom);
    let custom = api.post(APPS, custom).await.expect(201).json();
    let mut ada = ada(&world).await;
    let page = ada.open(&at(&app, "/edit")).await.expect(200);
    for fixed in ["fixed-name", "fixed-email", "fixed-permission"] {
        let tag = page
            .html
            .split('<')
            .find(|tag| tag.contains(&format!("id=\"{fixed}\"")))
            .unwrap();
        assert!(tag.contains(" disabled") && !tag.contains(" name="), "{tag}");
    }
    ada.open(&at(&custom, "/edit")).await.expect(200);
    assert!(ada.page.html.contains("fixed-category"));
    let page = ada
        .send(
            &at(&custom, "/edit"),
            &[("description", "x"), ("category", "crm"), ("entities", "e1")],
        )
        .await;
    page.expect(422).shows("cannot be changed");
}

async fn every_rule_is_told_beside_its_field(world: World) {
    let app = world.created(&world.ada().await, "Payroll").await;
    let (mut ada, path) = (ada(&world).await, at(&app, "/edit"));
    ada.open(&path).await.expect(200);
    let before = world.traces().await;
    let page = ada.send(&path, &[("description", ""), ("category", "")]).await;
    page.expect(422)
        .shows("Fill in “Application Description”.")
        .shows("Choose a category.");
    let fields = [("description", HOSTILE), ("category", "crm"), ("entities", "g1")];
    let page = ada.send(&path, &fields).await;
    is_harmless(page.expect(422).shows("Your group has no entity “g1”."));
    assert_eq!(world.traces().await, before);
}

async fn somebody_elses_change_is_told_with_both_versions(world: World) {
    let api = world.ada().await;
    let app = world.created(&api, "Payroll").await;
    let (mut ada, path) = (ada(&world).await, at(&app, "/edit"));
    ada.open(&path).await.expect(200);
    let theirs = json!({"description": "Theirs.", "entities": ["e4"]});
    api.patch(&app_at(&app, ""), theirs).await.expect(200);
    let mine = [
        ("description", "Mine."),
        ("category", "payroll_and_hr"),
        ("entities", "e1"),
        SURE,
    ];
    let page = ada.send(&path, &mine).await.expect(412);
    page.shows("Somebody else has changed this application");
    page.shows("different Theirs. Mine.")
        .shows("different Entity E4 Entity E1");
    page.shows("same Payroll & HR Payroll & HR");
    assert_eq!(read(&world, &app).await["description"], "Theirs.");
    ada.send(&path, &mine)
        .await
        .expect(200)
        .shows("Mine.")
        .hides("Theirs. Entity");
    assert_eq!(ids(&read(&world, &app).await), ["e1"]);
}

async fn sent_twice_an_edit_happens_once(world: World) {
    let app = world.created(&world.ada().await, "Payroll").await;
    let (mut ada, path) = (ada(&world).await, at(&app, "/edit"));
    let form = ada.open(&path).await.expect(200).clone();
    let fields = [("description", "New."), ("category", "crm"), ("entities", "e1"), SURE];
    ada.send(&path, &fields)
        .await
        .expect(200)
        .shows("Your changes have been saved");
    let before = world.traces().await;
    ada.page = form;
    ada.send(&path, &fields)
        .await
        .expect(200)
        .shows("Your changes have been saved");
    assert_eq!(world.traces().await, before);
}

async fn what_is_not_touched_stays_to_the_letter(world: World) {
    let form = json!({"description": "One\r\nTwo\nThree", "entities": ["e1", "e5"]});
    let form = World::with(World::new_integration("Payroll"), form);
    let api = world.ada().await;
    let app = api.post(APPS, form).await.expect(201).json();
    world
        .operator
        .delete("/operator/api/v1/groups/acme/entities/e5")
        .await
        .done();
    let (mut ada, path) = (ada(&world).await, at(&app, "/edit"));
    // That the page's timeline was read is told once in five minutes.
    ada.open(&at(&app, "")).await.expect(200);
    ada.open(&path).await.expect(200).hides("Entity E5");
    let before = world.traces().await;
    let fields = [
        ("description", "One\r\nTwo\r\nThree"),
        ("category", "payroll_and_hr"),
        ("entities", "e1"),
    ];
    ada.send(&path, &fields).await.expect(200);
    assert_eq!(world.traces().await, before);
}

async fn the_edits_survive_the_end_of_the_session(world: World) {
    let app = world.created(&world.ada().await, "Payroll").await;
    let (mut ada, path) = (ada(&world).await, at(&app, "/edit"));
    ada.open(&path).await.expect(200);
    let fields = [("description", "Entered."), ("category", "crm"), ("entities", "e4")];
    goes_on_after_the_session_has_ended(&world, &mut ada, "ada@acme.example", &path, &fields).await;
    ada.page.shows("Entered.");
    ada.send(&path, &[&fields[..], &[SURE]].concat())
        .await
        .expect(200)
        .shows("Your changes have been saved");
}

async fn r27_an_application_is_suspended_and_resumed(world: World) {
    let (_, app, _, client) = world.running("Payroll").await;
    let token = world.access_token(&client).await;
    let mut ada = ada(&world).await;
    let suspend = at(&app, "/suspend");
    ada.open(&suspend)
        .await
        .expect(200)
        .shows("Its access tokens are refused");
    let form = ada.page.clone();
    let page = ada.send(&suspend, &[("reason", "Strange calls.")]).await.expect(200);
    page.shows("The application has been suspended.")
        .shows("Reason: Strange calls.");
    assert_eq!(world.gate(&token, "e1", "read").await, "app_suspended");
    let before = world.traces().await;
    ada.page = form;
    ada.send(&suspend, &[("reason", "Strange calls.")]).await.expect(200);
    assert_eq!(world.traces().await, before);
    let resume = at(&app, "/resume");
    ada.open(&resume).await.expect(200);
    ada.send(&resume, &[])
        .await
        .expect(200)
        .shows("The application has been resumed.");
    assert_eq!(world.gate(&token, "e1", "read").await, "ok");
    ada.open(&resume).await.expect(200);
    ada.send(&resume, &[])
        .await
        .expect(409)
        .shows("This application is not suspended.");
}

async fn r27_revoking_asks_first_and_is_final(world: World) {
    let (_, app, _, client) = world.running("Payroll").await;
    let token = world.access_token(&client).await;
    let mut ada = ada(&world).await;
    let revoke = at(&app, "/revoke");
    let page = ada.open(&revoke).await.expect(200);
    for named in [
        "access tokens",
        "client secrets",
        "dev@example.com",
        "Entity E1",
        "Entity E2",
    ] {
        page.shows(named);
    }
    let question = ada.page.clone();
    let suspend = ada.open(&at(&app, "/suspend")).await.expect(200).clone();
    ada.page = question;
    let page = ada.send(&revoke, &[("reason", "Over.")]).await.expect(200);
    page.shows("has been permanently revoked")
        .shows("Reason: Over.")
        .hides("Suspend");
    assert_eq!(world.gate(&token, "e1", "read").await, "app_revoked");
    ada.open(&at(&app, "/edit"))
        .await
        .expect(409)
        .shows("which cannot be undone");
    // What would be refused is not offered.
    let page = ada.open(&at(&app, "/suspend")).await.expect(200);
    page.shows("which cannot be undone");
    assert!(!page.html.contains("name=\"reason\""), "{}", page.html);
    ada.page = suspend;
    ada.send(&at(&app, "/suspend"), &[])
        .await
        .expect(409)
        .shows("which cannot be undone");
}

async fn a_reason_that_is_too_long_is_told_and_kept(world: World) {
    let app = world.created(&world.ada().await, "Payroll").await;
    let mut pam = Browser::of_user(&world, "acme", "pam").await;
    let (long, before) = ("x".repeat(501), world.traces().await);
    for page in ["/suspend", "/resume", "/revoke"] {
        pam.open(&at(&app, page)).await.expect(200);
        let page = pam.send(&at(&app, page), &[("reason", &long)]).await.expect(422);
        page.shows("“Reason” can have at most 500 characters").shows(&long);
    }
    let nothing: [(String, String); 0] = [];
    pam.send_raw(&at(&app, "/revoke"), &nothing)
        .await
        .expect(200)
        .shows("Nothing has been sent yet");
    assert_eq!(world.traces().await, before);
}
