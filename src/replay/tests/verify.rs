//! Tests that every change made by hand to log or rows is found, with its place.

use gatebook_projections::registry;
use tokio::task::JoinHandle;

use super::*;
use crate::log::hash_chain::{EventParts, hash_of};
use crate::log::read;
use crate::replay::verify::verify_in_pages;
use crate::replay::{Difference, Silent, VerifyReport, rebuild, verify, verify_log};

on_both_databases!(
    an_untouched_log_and_its_rows_are_all_equal,
    an_empty_log_is_all_equal,
    a_row_changed_by_hand_is_named_with_table_key_column_and_position,
    rows_that_are_missing_or_too_many_are_found,
    an_event_changed_by_hand_is_found_with_its_position,
    an_event_changed_together_with_its_hash_is_found_by_its_successor,
    an_event_that_was_taken_out_leaves_gaps,
    a_log_that_was_cut_off_differs_from_its_head,
    time_that_runs_backwards_is_found,
    other_bytes_of_the_same_json_are_found,
    an_event_that_cannot_be_read_is_found_and_the_next_stream_is_verified_still,
    a_stream_of_an_unknown_kind_is_found,
    rows_of_another_fold_are_not_compared_but_called_stale,
    what_is_appended_during_a_verification_does_not_disturb_it,
    a_verification_and_a_rebuild_at_once_do_not_disturb_each_other,
);

async fn verified(world: &World) -> VerifyReport {
    let report = verify(&world.database, &registry::all(), &Silent).await.unwrap();
    for page in [1, 2, 5] {
        let again = verify_in_pages(&world.database, &registry::all(), &Silent, page).await;
        assert_eq!(again.unwrap(), report, "in pages of {page}");
    }
    report
}

/// Table, column and position of all findings.
fn places(report: &VerifyReport) -> Vec<(&str, &str, Option<i64>)> {
    let differences = report.differences.iter();
    differences
        .map(|one| (one.table.as_str(), one.column.as_str(), one.position))
        .collect()
}

async fn position_of(world: &World, stream: &str) -> i64 {
    let sql = format!("select max(position) from events where aggregate_id = '{stream}'");
    world.value(&sql).await.parse().unwrap()
}

async fn an_untouched_log_and_its_rows_are_all_equal(on: On) {
    let world = World::with_history(on).await;
    let report = verified(&world).await;
    assert!(report.all_equal(), "{:?}", report.differences);
    assert_eq!(report.events, world.head().await);
    // Three applications in three tables, two groups with four entities, one developer, and one row for the system.
    assert_eq!(report.rows, 3 * 3 + 2 + 4 + 1 + 1);
    let log = verify_log(&world.database, &Silent).await.unwrap();
    assert_eq!((log.all_equal(), log.events, log.rows), (true, report.events, 0));
}

async fn an_empty_log_is_all_equal(on: On) {
    assert_eq!(verified(&World::new(on).await).await, VerifyReport::default());
}

async fn a_row_changed_by_hand_is_named_with_table_key_column_and_position(on: On) {
    let world = World::with_history(on).await;
    let app = app_id(2);
    world
        .by_hand(&format!(
            "update token_gate set status = 'active' where app_id = '{app}'"
        ))
        .await;
    let report = verified(&world).await;
    let expected = Difference {
        table: "token_gate".to_owned(),
        key: app.clone(),
        column: "status".to_owned(),
        expected: "suspended".into(),
        found: "active".into(),
        position: Some(position_of(&world, &app).await),
    };
    assert_eq!(report.differences, [expected]);
}

async fn rows_that_are_missing_or_too_many_are_found(on: On) {
    let world = World::with_history(on).await;
    world
        .by_hand(
            "update groups set group_id = 'aaa' where group_id = 'acme'; \
             insert into groups select 'zzz', name, product_plan, version, 99 from groups \
             where group_id = 'globex'; delete from developers",
        )
        .await;
    let report = verified(&world).await;
    let found: Vec<_> = report.differences.iter().map(Difference::to_string).collect();
    let (acme, dev) = (
        position_of(&world, "acme").await,
        position_of(&world, &app_id(100)).await,
    );
    let expected = [
        format!("developers {} (position {dev}): is missing", app_id(100)),
        format!("groups aaa (position {acme}): should not exist"),
        format!("groups acme (position {acme}): is missing"),
        "groups zzz (position 99): should not exist".to_owned(),
    ];
    assert_eq!(found, expected);
}

async fn an_event_changed_by_hand_is_found_with_its_position(on: On) {
    let world = World::with_history(on).await;
    world.without_triggers().await;
    world.replace_in_first_event("acme", "evil").await;
    let report = verified(&world).await;
    assert_eq!(
        places(&report),
        [
            ("events", "hash", Some(1)),
            ("groups", "name", Some(position_of(&world, "acme").await))
        ]
    );
    let log = verify_log(&world.database, &Silent).await.unwrap();
    assert_eq!(places(&log), [("events", "hash", Some(1))]);
}

async fn an_event_changed_together_with_its_hash_is_found_by_its_successor(on: On) {
    let world = World::with_history(on).await;
    world.without_triggers().await;
    world.replace_in_first_event("acme", "evil").await;
    let event = read::stream(&*world.database, "Group", "acme")
        .await
        .unwrap()
        .swap_remove(0);
    let hash = hash_of(&event, &EventParts::of(&event).unwrap());
    world
        .by_hand(&format!("update events set hash = '{hash}' where position = 1"))
        .await;
    let log = verify_log(&world.database, &Silent).await.unwrap();
    assert_eq!(places(&log), [("events", "previous_hash", Some(2))]);
    assert_eq!(log.differences[0].expected, hash.into());
}

async fn an_event_that_was_taken_out_leaves_gaps(on: On) {
    let world = World::with_history(on).await;
    world.without_triggers().await;
    world.by_hand("delete from events where position = 2").await;
    let log = verify_log(&world.database, &Silent).await.unwrap();
    assert_eq!(
        places(&log),
        [
            ("events", "position", Some(3)),
            ("events", "sequence", Some(3)),
            ("events", "previous_hash", Some(3))
        ]
    );
}

async fn a_log_that_was_cut_off_differs_from_its_head(on: On) {
    let world = World::with_history(on).await;
    world.without_triggers().await;
    let head = world.head().await;
    world
        .by_hand(&format!("delete from events where position = {head}"))
        .await;
    let log = verify_log(&world.database, &Silent).await.unwrap();
    let found: Vec<_> = log.differences.iter().map(Difference::to_string).collect();
    let last = head - 1;
    let expected = format!("log_head 1 (position {last}): position is {head} and should be {last}");
    assert_eq!(found, [expected]);
}

async fn time_that_runs_backwards_is_found(on: On) {
    let world = World::with_history(on).await;
    world.without_triggers().await;
    world
        .by_hand("update events set recorded_at = '2026-11-23T09:16:00.000Z' where position = 3")
        .await;
    let log = verify_log(&world.database, &Silent).await.unwrap();
    assert_eq!(
        places(&log),
        [("events", "recorded_at", Some(4)), ("events", "hash", Some(3))]
    );
}

async fn other_bytes_of_the_same_json_are_found(on: On) {
    let world = World::with_history(on).await;
    world.without_triggers().await;
    world.replace_in_first_event(":{", ": {").await;
    let log = verify_log(&world.database, &Silent).await.unwrap();
    assert_eq!(places(&log), [("events", "payload", Some(1))]);
}

async fn an_event_that_cannot_be_read_is_found_and_the_next_stream_is_verified_still(on: On) {
    let world = World::with_history(on).await;
    let position = world.append_unknown_event("Group", "acme", 5).await;
    world
        .by_hand("update groups set name = 'Evil' where group_id = 'globex'")
        .await;
    let report = verified(&world).await;
    assert_eq!(
        places(&report),
        [
            ("events", "previous_hash", Some(position)),
            ("events", "hash", Some(position)),
            ("events", "payload", Some(position)),
            ("groups", "name", Some(position_of(&world, "globex").await)),
        ]
    );
}

async fn a_stream_of_an_unknown_kind_is_found(on: On) {
    let world = World::with_history(on).await;
    let position = world.append_unknown_event("Wizard", "w", 1).await;
    let report = verified(&world).await;
    assert!(places(&report).contains(&("events", "payload", Some(position))));
}

async fn rows_of_another_fold_are_not_compared_but_called_stale(on: On) {
    let world = World::with_history(on).await;
    world
        .by_hand("update projections set fold_version = 7 where name = 'groups'; update groups set name = 'x'")
        .await;
    let report = verified(&world).await;
    let found: Vec<_> = report.differences.iter().map(Difference::to_string).collect();
    let code = named("groups").fold_version;
    assert_eq!(
        found,
        [format!("projections groups: fold_version is 7 and should be {code}")]
    );
}

async fn what_is_appended_during_a_verification_does_not_disturb_it(on: On) {
    struct Appending(Log);
    impl crate::replay::Progress for Appending {
        fn step(&self, _: &str, done: i64, _: i64) {
            let entity = format!("entity-{done}");
            let append = put_entity(&self.0, "acme", &entity);
            tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(append));
        }
    }
    let world = World::with_history(on).await;
    let head = world.head().await;
    let progress = Appending(world.log.clone());
    let report = verify_in_pages(&world.database, &registry::all(), &progress, 3)
        .await
        .unwrap();
    assert_eq!((report.events, report.differences), (head, vec![]));
    assert!(world.head().await > head);
    assert!(verified(&world).await.all_equal());
}

async fn a_verification_and_a_rebuild_at_once_do_not_disturb_each_other(on: On) {
    struct Rebuilding(Arc<dyn Database>, Mutex<Vec<JoinHandle<i64>>>);
    impl crate::replay::Progress for Rebuilding {
        fn step(&self, _: &str, _: i64, _: i64) {
            let database = self.0.clone();
            let mut rebuilds = self.1.lock().unwrap();
            if rebuilds.is_empty() {
                rebuilds.push(tokio::spawn(async move {
                    let report = rebuild(&database, &named("groups"), now(), &Silent).await;
                    report.unwrap().generation
                }));
            }
        }
    }
    let world = World::with_history(on).await;
    let progress = Rebuilding(world.database.clone(), Mutex::default());
    let report = verify_in_pages(&world.database, &registry::all(), &progress, 1).await;
    assert_eq!(report.unwrap().differences, []);
    let rebuilt = progress.1.into_inner().unwrap().swap_remove(0);
    assert_eq!(rebuilt.await.unwrap(), 2);
    assert!(verified(&world).await.all_equal());
}
