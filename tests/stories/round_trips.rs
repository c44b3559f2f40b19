//! How often a change asks the database: each time costs the way there and back, and under the log's lock all others wait.

use serde_json::json;

use crate::support::world::CountedNode;
use crate::support::{APPS, Person, World, app_at, on_both_databases};

on_both_databases! {
    a_create_takes_eight_round_trips_and_an_edit_seven,
    an_entity_more_takes_six_round_trips_however_many_there_are,
}

/// Of one create.
const CREATE_MAX: usize = 8;
/// Of one edit.
const EDIT_MAX: usize = 7;

/// Of one entity that is added to a group: who calls, what is new in its stream, and its transaction.
const ENTITY_MAX: usize = 6;
/// Of one that is taken out: what has happened since is read once more, under the lock.
const REMOVAL_MAX: usize = 7;

/// What the database was asked for by this.
async fn asked(node: &CountedNode, change: impl Future<Output = ()>) -> Vec<String> {
    node.gatebook.background_tasks.done().await;
    let before = node.database.writes().statements().len();
    change.await;
    node.database.writes().statements().split_off(before)
}

async fn a_create_takes_eight_round_trips_and_an_edit_seven(world: World) {
    let node = world.counted_node().await;
    let ada = Person {
        base_url: node.base_url.clone(),
        ..world.ada().await
    };
    let app = ada.post(APPS, World::new_integration("First")).await.expect(201).json();
    let create = asked(&node, async {
        ada.post(APPS, World::new_integration("Second")).await.expect(201);
    });
    let create = create.await;
    let edit = asked(&node, async {
        let change = json!({"description": "Other words.", "entities": ["e2", "e3"]});
        ada.patch(&app_at(&app, ""), change).await.expect(200);
    });
    let edit = edit.await;
    assert!(
        create.len() <= CREATE_MAX,
        "{} for a create:\n{}",
        create.len(),
        create.join("\n")
    );
    assert!(
        edit.len() <= EDIT_MAX,
        "{} for an edit:\n{}",
        edit.len(),
        edit.join("\n")
    );
}

async fn an_entity_more_takes_six_round_trips_however_many_there_are(world: World) {
    let node = world.counted_node().await;
    let operator = Person {
        base_url: node.base_url.clone(),
        ..world.operator.clone()
    };
    let many: Vec<_> = (0..500)
        .map(|n| json!({"id": format!("n{n}"), "name": "Company"}))
        .collect();
    let list = "/operator/api/v1/groups/acme/entities";
    operator
        .put(&format!("{list}?confirm_removed=5"), json!({"entities": many}))
        .await
        .expect(200);
    for (change, status) in [("Added", 201), ("Renamed", 200)] {
        let put = asked(&node, async {
            operator
                .put(&format!("{list}/one"), json!({"name": change}))
                .await
                .expect(status);
        });
        let put = put.await;
        assert!(
            put.len() <= ENTITY_MAX,
            "{} for {change}:\n{}",
            put.len(),
            put.join("\n")
        );
    }
    let removed = asked(&node, async {
        operator.delete(&format!("{list}/one")).await.done();
    });
    let removed = removed.await;
    assert!(
        removed.len() <= REMOVAL_MAX,
        "{} for its removal:\n{}",
        removed.len(),
        removed.join("\n")
    );
}
