//! A group is not read from its first event by each command. What is remembered of it is believed only if it is the whole
//! story.

use std::time::Instant;

use serde_json::json;

use super::tampered_rows::{by_hand, row, tools};
use crate::support::{Person, World, on_both_databases};

on_both_databases! {
    adding_an_entity_reads_as_much_of_a_long_stream_as_of_a_short_one,
    what_another_node_has_done_meanwhile_is_known,
    a_row_that_was_changed_by_a_hand_is_mended_by_the_next_command,
    entities_that_were_changed_by_a_hand_are_found_and_mended_by_the_first_command_of_a_process,
    what_is_remembered_after_a_rebuild_by_others_is_not_taken_for_what_the_tables_hold,
    what_was_not_committed_is_not_taken_for_written,
    a_row_that_is_gone_is_made_anew_from_the_events,
    a_download_in_between_is_in_nobodys_way,
}

const ENTITIES: &str = "/operator/api/v1/groups/acme/entities";

async fn add(operator: &Person, id: &str) {
    let path = format!("{ENTITIES}/{id}");
    operator
        .put(&path, json!({"name": format!("Entity {id}")}))
        .await
        .expect(201);
}

/// What a user sees. Making their token is a command about the group, so it is made before anything is tried.
async fn entities(ada: &Person) -> Vec<String> {
    ada.get("/api/v1/entities").await.expect(200).all("id")
}

async fn adding_an_entity_reads_as_much_of_a_long_stream_as_of_a_short_one(world: World) {
    let node = world.counted_node().await;
    let operator = Person {
        base_url: node.base_url.clone(),
        ..world.operator.clone()
    };
    add(&operator, "first").await;
    let reads = async |id: &str| {
        let (rows, begun) = (node.database.rows_read(), Instant::now());
        add(&operator, id).await;
        (node.database.rows_read() - rows, begun.elapsed())
    };
    let short = reads("second").await;
    let many: Vec<_> = (0..3_000)
        .map(|n| json!({"id": format!("n{n}"), "name": "Company"}))
        .collect();
    let list = json!({"entities": many});
    operator
        .put(&format!("{ENTITIES}?confirm_removed=7"), list)
        .await
        .expect(200);
    add(&operator, "third").await;
    let long = reads("fourth").await;
    assert_eq!(
        long.0, short.0,
        "rows read for a long stream and for a short one; it took {long:?} and {short:?}"
    );
    // A node that has just started reads the stream once.
    let fresh = world.counted_node().await;
    let operator = Person {
        base_url: fresh.base_url.clone(),
        ..world.operator.clone()
    };
    add(&operator, "fifth").await;
    let rows = fresh.database.rows_read();
    add(&operator, "sixth").await;
    assert_eq!(fresh.database.rows_read() - rows, long.0);
}

async fn what_another_node_has_done_meanwhile_is_known(world: World) {
    let other = Person {
        base_url: world.another_node().await,
        ..world.operator.clone()
    };
    add(&world.operator, "a1").await;
    add(&other, "a2").await;
    add(&other, "a3").await;
    other.delete(&format!("{ENTITIES}/a1")).await.done();
    world
        .operator
        .delete(&format!("{ENTITIES}/a1"))
        .await
        .refused(404, "not_found");
    add(&world.operator, "a4").await;
    add(&other, "a1").await;
    let ada = world.ada().await;
    assert_eq!(entities(&ada).await[..4], ["a1", "a2", "a3", "a4"]);
}

async fn a_row_that_was_changed_by_a_hand_is_mended_by_the_next_command(world: World) {
    let other = Person {
        base_url: world.another_node().await,
        ..world.operator.clone()
    };
    add(&world.operator, "a1").await;
    let name = async || row(&world, "select name from groups where group_id = 'acme'").await;
    let there = name().await;
    // One node remembers the group, and the other one knows nothing of it.
    for (operator, id) in [(&world.operator, "a2"), (&other, "a3")] {
        by_hand(
            &world,
            "update groups set name = 'Somebody else' where group_id = 'acme'",
        )
        .await;
        add(operator, id).await;
        assert_eq!(name().await, there);
    }
}

async fn entities_that_were_changed_by_a_hand_are_found_and_mended_by_the_first_command_of_a_process(world: World) {
    let (ada, tools) = (world.ada().await, tools(&world));
    let there = entities(&ada).await;
    add(&world.operator, "a1").await;
    by_hand(&world, "delete from group_entities where group_id = 'acme'").await;
    assert!(entities(&ada).await.is_empty());
    // Who remembers the group has written its entities, and looks at none but those that it changes.
    add(&world.operator, "a2").await;
    assert_eq!(entities(&ada).await, ["a2"]);
    let verified = tools.run(&["projections", "verify"]);
    assert_eq!(verified.code, Some(2), "{verified:#?}");
    assert!(verified.out.contains("group_entities acme/a1"), "{verified:#?}");
    let other = Person {
        base_url: world.another_node().await,
        ..world.operator.clone()
    };
    add(&other, "a3").await;
    let added = ["a1", "a2", "a3"].map(str::to_owned);
    assert_eq!(entities(&ada).await, [added.to_vec(), there].concat());
    tools.holds_together();
}

async fn what_is_remembered_after_a_rebuild_by_others_is_not_taken_for_what_the_tables_hold(world: World) {
    let (ada, tools) = (world.ada().await, tools(&world));
    add(&world.operator, "a1").await;
    tools.succeed(&["projections", "rebuild", "groups"]);
    let there = entities(&ada).await;
    by_hand(&world, "delete from group_entities where group_id = 'acme'").await;
    add(&world.operator, "a2").await;
    assert_eq!(entities(&ada).await.len(), there.len() + 1);
    tools.holds_together();
}

async fn what_was_not_committed_is_not_taken_for_written(world: World) {
    let operator = &world.operator;
    add(operator, "a1").await;
    // The rows are folded by then, and the database refuses the last of them.
    by_hand(&world, "create unique index no_name_twice on group_entities (name)").await;
    let twice = json!({"name": "Entity a1"});
    operator.put(&format!("{ENTITIES}/a2"), twice).await.expect(500);
    by_hand(&world, "drop index no_name_twice").await;
    add(operator, "a3").await;
    add(operator, "a2").await;
    tools(&world).holds_together();
}

async fn a_row_that_is_gone_is_made_anew_from_the_events(world: World) {
    let ada = world.ada().await;
    let there = entities(&ada).await;
    by_hand(&world, "delete from groups where group_id = 'acme'").await;
    let other = Person {
        base_url: world.another_node().await,
        ..world.operator.clone()
    };
    add(&other, "a1").await;
    assert_eq!(entities(&ada).await, [vec!["a1".to_owned()], there].concat());
}

async fn a_download_in_between_is_in_nobodys_way(world: World) {
    let pam = world.user("acme", "pam").await;
    add(&world.operator, "a1").await;
    pam.get("/api/v1/activity-log").await.expect(200);
    add(&world.operator, "a2").await;
    pam.get("/api/v1/activity-log").await.expect(200);
    let other = Person {
        base_url: world.another_node().await,
        ..world.operator.clone()
    };
    add(&other, "a3").await;
    add(&world.operator, "a4").await;
    let log = pam.csv("/api/v1/activity-log").await;
    assert_eq!(
        log.iter()
            .filter(|line| line["event"] == "GroupActivityLogDownloaded")
            .count(),
        3
    );
}
