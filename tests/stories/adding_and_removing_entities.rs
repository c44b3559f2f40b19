//! Edit: entities are added and removed without naming all the others.

use serde_json::{Value, json};

use crate::support::{Person, World, app_at, on_both_databases};

on_both_databases! {
    r11_one_entity_is_added_and_another_removed_with_effect_on_the_very_next_check,
    what_has_been_added_or_removed_already_writes_nothing,
    the_whole_list_and_a_difference_do_not_go_together,
    r11_nobody_adds_or_removes_what_neither_the_group_nor_the_application_has,
    r11_an_entity_that_left_the_group_can_be_removed_and_not_be_added,
}

async fn edited(person: &Person, app: &Value, change: Value) -> Vec<String> {
    let changed = person.patch(&app_at(app, ""), change).await.expect(200).json();
    let entities = changed["entities"].as_array().unwrap().iter();
    entities
        .map(|entity| entity["id"].as_str().unwrap().to_owned())
        .collect()
}

async fn r11_one_entity_is_added_and_another_removed_with_effect_on_the_very_next_check(world: World) {
    let (ada, app, _, client) = world.running("Payroll").await;
    let token = world.access_token(&client).await;
    let has = edited(&ada, &app, json!({"add_entities": ["e3"], "remove_entities": ["e1"]})).await;
    assert_eq!(has, ["e2", "e3"]);
    assert_eq!(world.gate(&token, "e3", "read").await, "ok");
    assert_eq!(world.gate(&token, "e1", "read").await, "entity_not_assigned");
    assert_eq!(
        edited(&ada, &app, json!({"remove_entities": ["e2", "e3"]})).await,
        [""; 0]
    );
    assert_eq!(world.gate(&token, "e3", "read").await, "entity_not_assigned");
    assert_eq!(edited(&ada, &app, json!({"add_entities": ["e1"]})).await, ["e1"]);
    assert_eq!(world.gate(&token, "e1", "read").await, "ok");

    let log = ada.csv(&app_at(&app, "/activity-log")).await;
    let told: Vec<_> = log
        .iter()
        .filter(|row| row["event"] == "EntitiesChanged")
        .map(|row| (row["summary"].as_str(), row["details"].as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (
                "Ada Admin changed the entities: added e3; removed e1.",
                r#"{"added":["e3"],"removed":["e1"]}"#
            ),
            (
                "Ada Admin changed the entities: removed e2, e3; none are left.",
                r#"{"added":[],"removed":["e2","e3"],"none_left":true}"#
            ),
            (
                "Ada Admin changed the entities: added e1.",
                r#"{"added":["e1"],"removed":[]}"#
            ),
        ]
    );
}

async fn what_has_been_added_or_removed_already_writes_nothing(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    let before = world.traces().await;
    for granted in [
        json!({"add_entities": ["e1", "e2"]}),
        json!({"remove_entities": ["e4"]}),
        json!({"add_entities": ["e2"], "remove_entities": ["e5"]}),
        json!({"add_entities": [], "remove_entities": []}),
    ] {
        assert_eq!(edited(&ada, &app, granted).await, ["e1", "e2"]);
    }
    assert_eq!(world.traces().await, before);
}

async fn the_whole_list_and_a_difference_do_not_go_together(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    let before = world.traces().await;
    for both in [
        json!({"entities": ["e1"], "add_entities": ["e2"]}),
        json!({"entities": ["e1"], "remove_entities": ["e2"]}),
        json!({"add_entities": ["e3", "e4"], "remove_entities": ["e4"]}),
    ] {
        ada.patch(&app_at(&app, ""), both)
            .await
            .refused(422, "conflicting_fields");
    }
    ada.patch(&app_at(&app, ""), json!({"add_entities": null}))
        .await
        .refused(422, "required");
    assert_eq!(world.traces().await, before);
}

async fn r11_nobody_adds_or_removes_what_neither_the_group_nor_the_application_has(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    let before = world.traces().await;
    for unknown in [
        json!({"add_entities": ["g1"]}),
        json!({"add_entities": ["e3"], "remove_entities": ["e11"]}),
        json!({"remove_entities": ["no id"]}),
    ] {
        ada.patch(&app_at(&app, ""), unknown)
            .await
            .refused(422, "unknown_entity");
    }
    assert_eq!(world.traces().await, before);
}

async fn r11_an_entity_that_left_the_group_can_be_removed_and_not_be_added(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    world
        .operator
        .delete("/operator/api/v1/groups/acme/entities/e2")
        .await
        .done();
    assert_eq!(edited(&ada, &app, json!({"remove_entities": ["e2"]})).await, ["e1"]);
    ada.patch(&app_at(&app, ""), json!({"add_entities": ["e2"]}))
        .await
        .refused(422, "unknown_entity");
}
