//! Tests the status of projections.

use super::*;
use crate::replay::status;

on_both_databases!(
    the_status_tells_generation_rows_and_position_of_each_projection,
    an_empty_log_has_a_status_too,
);

async fn the_status_tells_generation_rows_and_position_of_each_projection(on: On) {
    let world = World::with_history(on).await;
    world.revoke_a_token(1).await;
    let all = status(&world.database).await.unwrap();
    assert_eq!(all.len(), registry::all().len());
    for one in &all {
        let rows = world.table(&named(one.name)).await.len() as i64;
        assert_eq!((one.generation, one.rows), (1, rows), "{}", one.name);
        assert_eq!((one.fold_version, one.stale), (one.code_fold_version, false));
        assert_eq!(one.head, world.head().await);
        assert!((1..=one.head).contains(&one.position), "{}", one.name);
        assert_eq!((&one.rebuilding, &one.last_error), (&None, &None));
    }
    let json = serde_json::to_value(&all[0]).unwrap();
    assert_eq!(json["name"], "app_list");
    assert_eq!(json["rebuilding"], serde_json::Value::Null);
}

async fn an_empty_log_has_a_status_too(on: On) {
    let world = World::new(on).await;
    for one in status(&world.database).await.unwrap() {
        assert_eq!((one.rows, one.position, one.head), (0, 0, 0), "{}", one.name);
    }
}
