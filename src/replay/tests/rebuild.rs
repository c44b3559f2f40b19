//! Tests rebuilding while the old rows serve, and crashes.

use std::sync::Mutex;

use gatebook_projections::registry;
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use super::*;
use crate::replay::rebuild::rebuild_in_pages;
use crate::replay::{BrokenLog, Progress, ReplayError, Silent, discard, rebuild, rebuild_with, stale, status, verify};

on_both_databases!(
    a_rebuilt_table_holds_what_the_live_one_held,
    a_rebuilt_table_has_the_same_columns_and_indexes,
    rows_changed_by_hand_are_repaired,
    a_broken_chain_stops_with_its_position_and_the_old_rows_go_on_serving,
    an_event_that_cannot_be_read_is_named_and_the_rest_of_its_stream_is_folded,
    a_broken_log_is_folded_as_it_is_when_somebody_wants_it,
    once_the_log_holds_again_the_rebuild_resumes_and_forgets_the_error,
    a_rebuild_that_was_killed_resumes_where_it_was,
    what_is_appended_after_a_kill_is_in_the_resumed_rebuild,
    what_another_fold_began_is_not_resumed,
    an_interrupted_rebuild_can_be_given_up,
    what_is_appended_during_a_rebuild_is_not_lost,
    a_projection_folded_by_another_version_is_stale_until_it_is_rebuilt,
    a_projection_that_is_new_to_an_old_log_is_stale_until_it_is_rebuilt,
    a_projection_without_a_table_is_told_from_one_that_is_being_rebuilt,
    an_interrupted_rebuild_whose_table_is_gone_begins_anew,
);

/// Calls `act` at each step and records how many events were done.
pub(super) struct AtStep<F> {
    steps: Mutex<Vec<i64>>,
    act: F,
}

impl<F: Fn(usize) + Send + Sync> Progress for AtStep<F> {
    fn step(&self, _: &str, done: i64, _: i64) {
        let number = {
            let mut steps = self.steps.lock().unwrap();
            steps.push(done);
            steps.len()
        };
        (self.act)(number);
    }
}

pub(super) fn at_step<F: Fn(usize) + Send + Sync>(act: F) -> AtStep<F> {
    AtStep {
        steps: Mutex::new(Vec::new()),
        act,
    }
}

/// Rebuilds in pages of two events, and crashes at the given step.
pub(super) async fn die_at(world: &World, projection: AnyProjection, step: usize) {
    let database = world.database.clone();
    let dying = tokio::spawn(async move {
        let progress = at_step(|number| assert!(number < step, "as by kill -9"));
        rebuild_in_pages(&database, &projection, now(), &progress, 2).await
    });
    assert!(dying.await.unwrap_err().is_panic());
}

pub(super) async fn assert_all_equal(world: &World) {
    let report = verify(&world.database, &registry::all(), &Silent).await.unwrap();
    assert_eq!(report.differences, []);
}

async fn a_rebuilt_table_holds_what_the_live_one_held(on: On) {
    let world = World::with_history(on).await;
    world.revoke_a_token(1).await;
    for projection in registry::all() {
        for (page, generation) in [(2_000, 2), (3, 3), (1, 4)] {
            let live = world.table(&projection).await;
            let maps = world.map_tables(&projection).await;
            assert!(!live.is_empty(), "{}", projection.name);
            let report = rebuild_in_pages(&world.database, &projection, later(), &Silent, page)
                .await
                .unwrap();
            assert_eq!(world.table(&projection).await, live, "{}", projection.name);
            assert_eq!(world.map_tables(&projection).await, maps, "{}", projection.name);
            assert_eq!(
                (report.generation, report.rows, report.resumed),
                (generation, Some(live.len() as i64), false)
            );
            assert_eq!(report.position, world.head().await);
        }
    }
    assert_all_equal(&world).await;
}

async fn a_rebuilt_table_has_the_same_columns_and_indexes(on: On) {
    let world = World::with_history(on).await;
    let definitions = match on {
        On::Sqlite => {
            "select replace(replace(sql, '\"', ''), '_2 on', '_1 on') from sqlite_master \
             where tbl_name = 'app_list' and sql is not null order by name"
        }
        On::Postgres => {
            "select replace(replace(indexdef, '_2 ON', '_1 ON'), '_next_', '_') from pg_indexes \
             where tablename = 'app_list' union all \
             select column_name || data_type || is_nullable || coalesce(collation_name, '') \
             from information_schema.columns where table_name = 'app_list' order by 1"
        }
    };
    let before = world.rows(definitions).await;
    assert!(before.len() > 5);
    rebuild(&world.database, &named("app_list"), now(), &Silent)
        .await
        .unwrap();
    assert_eq!(world.rows(definitions).await, before);
    assert!(!world.has_table("app_list_next").await);
}

async fn rows_changed_by_hand_are_repaired(on: On) {
    let world = World::with_history(on).await;
    let live = world.table(&named("app_list")).await;
    let gone = app_id(1);
    world
        .by_hand(&format!(
            "update app_list set status = 'active'; delete from app_list where app_id = '{gone}'"
        ))
        .await;
    assert_ne!(world.table(&named("app_list")).await, live);
    rebuild(&world.database, &named("app_list"), now(), &Silent)
        .await
        .unwrap();
    assert_eq!(world.table(&named("app_list")).await, live);
}

async fn a_broken_chain_stops_with_its_position_and_the_old_rows_go_on_serving(on: On) {
    let world = World::with_history(on).await;
    let live = world.table(&named("groups")).await;
    let position = world.append_unknown_event("Group", "globex", 3).await;
    for page in [2_000, 2] {
        match rebuild_in_pages(&world.database, &named("groups"), now(), &Silent, page).await {
            Err(ReplayError::Broken(difference)) => assert_eq!(difference.position, Some(position)),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(world.table(&named("groups")).await, live);
    let all = status(&world.database).await.unwrap();
    let groups = all.iter().find(|one| one.name == "groups").unwrap();
    assert!(
        groups
            .last_error
            .as_ref()
            .unwrap()
            .contains(&format!("position {position}"))
    );
    assert_eq!((groups.generation, groups.rebuilt_at.clone()), (1, None));
    assert!(groups.rebuilding.is_some());
    put_entity(&world.log, "acme", "porto").await;
}

async fn an_event_that_cannot_be_read_is_named_and_the_rest_of_its_stream_is_folded(on: On) {
    let world = World::with_history(on).await;
    let live = world.table(&named("groups")).await;
    let position = world.append_foreign_event("Group", "globex").await;
    for page in [2_000, 2] {
        let report = rebuild_in_pages(&world.database, &named("groups"), now(), &Silent, page)
            .await
            .unwrap();
        let named: Vec<_> = report.unreadable.iter().map(|event| event.position).collect();
        assert_eq!(named, [position]);
    }
    // The row is unchanged: decisions must not use it as if the event were known.
    assert_eq!(world.table(&named("groups")).await, live);
    let marked = "select aggregate_type || ' ' || aggregate_id || ' ' || position from unreadable_events";
    assert_eq!(world.value(marked).await, format!("Group globex {position}"));
    put_entity(&world.log, "acme", "porto").await;
    let report = rebuild(&world.database, &named("app_list"), now(), &Silent)
        .await
        .unwrap();
    assert!(report.unreadable.is_empty(), "no application is closed by itself");
}

async fn a_broken_log_is_folded_as_it_is_when_somebody_wants_it(on: On) {
    let world = World::with_history(on).await;
    let live = world.table(&named("groups")).await;
    world.without_triggers().await;
    world.replace_in_first_event("acme", "evil").await;
    let refused = rebuild(&world.database, &named("groups"), now(), &Silent).await;
    let Err(ReplayError::Broken(difference)) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!((difference.column.as_str(), difference.position), ("hash", Some(1)));
    assert!(difference.key.contains("Group acme"), "{difference}");
    assert_eq!(world.table(&named("groups")).await, live);
    // Streams of other kinds are intact.
    rebuild(&world.database, &named("app_list"), now(), &Silent)
        .await
        .unwrap();
    let accepted = rebuild_with(&world.database, &named("groups"), now(), &Silent, BrokenLog::Accepted).await;
    assert_eq!(accepted.unwrap().generation, 2);
    assert_ne!(world.table(&named("groups")).await, live);
}

async fn once_the_log_holds_again_the_rebuild_resumes_and_forgets_the_error(on: On) {
    let world = World::with_history(on).await;
    world.append_unknown_event("Group", "globex", 3).await;
    let stopped = rebuild_in_pages(&world.database, &named("groups"), now(), &Silent, 2).await;
    assert!(stopped.is_err());
    world.without_triggers().await;
    world
        .by_hand("delete from events where event_type = 'Dreamt'; update log_head set position = position - 1")
        .await;
    let report = rebuild(&world.database, &named("groups"), later(), &Silent)
        .await
        .unwrap();
    assert!(report.resumed);
    let all = status(&world.database).await.unwrap();
    let groups = all.into_iter().find(|one| one.name == "groups").unwrap();
    assert_eq!((groups.last_error, groups.rebuilding), (None, None));
    assert_eq!(groups.rebuilt_at, Some(later().to_string()));
    assert_all_equal(&world).await;
}

async fn a_rebuild_that_was_killed_resumes_where_it_was(on: On) {
    let world = World::with_history(on).await;
    let projection = named("app_list");
    let live = world.table(&projection).await;
    // Steps: the beginning, two pages, the end of the copy, caught up.
    for step in 1..=4 {
        die_at(&world, projection, step).await;
        assert_eq!(world.table(&projection).await, live);
        let progress = at_step(|_| ());
        let report = rebuild_in_pages(&world.database, &projection, now(), &progress, 2)
            .await
            .unwrap();
        assert!(report.resumed);
        let first = progress.steps.lock().unwrap()[0];
        assert_eq!(first > 0, step > 1, "died at step {step}, began at {first}");
        assert_eq!(world.table(&projection).await, live);
    }
}

async fn what_is_appended_after_a_kill_is_in_the_resumed_rebuild(on: On) {
    let world = World::with_history(on).await;
    for step in [2, 3, 4] {
        die_at(&world, named("groups"), step).await;
        group(&world.log, &format!("aaa-{step}")).await;
        put_entity(&world.log, "acme", &format!("entity-{step}")).await;
        group(&world.log, &format!("zzz-{step}")).await;
        let live = world.table(&named("groups")).await;
        let report = rebuild_in_pages(&world.database, &named("groups"), now(), &Silent, 2)
            .await
            .unwrap();
        assert!(report.resumed);
        assert_eq!(world.table(&named("groups")).await, live);
    }
}

async fn what_another_fold_began_is_not_resumed(on: On) {
    let world = World::with_history(on).await;
    die_at(&world, named("groups"), 3).await;
    let fold_version = named("groups").fold_version;
    world
        .by_hand(&format!(
            "update groups_next set name = 'by another fold'; update projections set rebuild_cursor = \
             replace(rebuild_cursor, '\"fold_version\":{fold_version}', '\"fold_version\":0')",
        ))
        .await;
    let report = rebuild(&world.database, &named("groups"), now(), &Silent)
        .await
        .unwrap();
    assert!(!report.resumed);
    assert_all_equal(&world).await;
}

async fn an_interrupted_rebuild_can_be_given_up(on: On) {
    let world = World::with_history(on).await;
    die_at(&world, named("groups"), 3).await;
    discard(&world.database, &named("groups")).await.unwrap();
    assert!(!world.has_table("groups_next").await);
    let report = rebuild(&world.database, &named("groups"), now(), &Silent)
        .await
        .unwrap();
    assert!(!report.resumed);
}

async fn what_is_appended_during_a_rebuild_is_not_lost(on: On) {
    let world = World::with_history(on).await;
    let log = world.log.clone();
    // At every step, including the last one right before the switch.
    let progress = at_step(move |number| {
        let append = async {
            put_entity(&log, "acme", &format!("entity-{number}")).await;
            if number < 4 {
                group(&log, &format!("g{number}")).await;
            }
        };
        block_in_place(|| Handle::current().block_on(append));
    });
    let report = rebuild_in_pages(&world.database, &named("groups"), now(), &progress, 2)
        .await
        .unwrap();
    assert!(progress.steps.lock().unwrap().len() > 5);
    assert_eq!(report.position, world.head().await);
    put_entity(&world.log, "globex", "afterwards").await;
    assert_all_equal(&world).await;
}

async fn a_projection_folded_by_another_version_is_stale_until_it_is_rebuilt(on: On) {
    let world = World::with_history(on).await;
    assert!(stale(&world.database).await.unwrap().is_empty());
    world
        .by_hand("update projections set fold_version = 0 where name = 'token_gate'")
        .await;
    let names = |stale: Vec<AnyProjection>| stale.iter().map(|one| one.name).collect::<Vec<_>>();
    assert_eq!(names(stale(&world.database).await.unwrap()), ["token_gate"]);
    rebuild(&world.database, &named("token_gate"), now(), &Silent)
        .await
        .unwrap();
    assert!(stale(&world.database).await.unwrap().is_empty());
}

async fn a_projection_that_is_new_to_an_old_log_is_stale_until_it_is_rebuilt(on: On) {
    let world = World::with_history(on).await;
    world
        .by_hand(
            "drop table groups; drop table group_entities; drop table group_users; \
             delete from projections where name = 'groups'",
        )
        .await;
    store::migrate(&world.database).await.unwrap();
    let found = stale(&world.database).await.unwrap();
    assert_eq!(found.first().map(|one| one.name), Some("groups"));
    rebuild(&world.database, &named("groups"), now(), &Silent)
        .await
        .unwrap();
    assert_all_equal(&world).await;
}

async fn a_projection_without_a_table_is_told_from_one_that_is_being_rebuilt(on: On) {
    let world = World::new(on).await;
    world.by_hand("delete from projections").await;
    let outcome = rebuild(&world.database, &named("groups"), now(), &Silent).await;
    assert!(matches!(outcome, Err(ReplayError::NotMigrated { .. })));
}

async fn an_interrupted_rebuild_whose_table_is_gone_begins_anew(on: On) {
    let world = World::with_history(on).await;
    die_at(&world, named("groups"), 3).await;
    world.by_hand("drop table groups_next").await;
    let report = rebuild(&world.database, &named("groups"), now(), &Silent)
        .await
        .unwrap();
    assert!(!report.resumed);
    assert_all_equal(&world).await;
}
