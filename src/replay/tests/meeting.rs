//! Tests rebuilds that meet another rebuild, another version of the program, or a reader.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::runtime::Handle;
use tokio::task::block_in_place;

use super::rebuild::{assert_all_equal, at_step, die_at};
use super::*;
use crate::replay::rebuild::rebuild_in_pages;
use crate::replay::{ReplayError, Silent, rebuild, status, wait_while_it_moves};

on_both_databases!(
    of_two_rebuilds_at_once_one_goes_on_and_the_other_ends_with_an_error,
    a_rebuild_that_was_taken_over_writes_nothing_more_even_when_the_other_one_died,
    rows_of_a_newer_fold_are_never_folded_down,
    a_rebuild_that_somebody_else_goes_on_with_is_waited_for_until_it_stands_still,
    whoever_reads_the_old_table_keeps_nobody_from_writing,
);

async fn of_two_rebuilds_at_once_one_goes_on_and_the_other_ends_with_an_error(on: On) {
    for meeting in 1..=4 {
        let world = World::with_history(on).await;
        let database = world.database.clone();
        let (groups, second) = (named("groups"), AtomicUsize::new(0));
        let progress = at_step(|number| {
            if number == meeting {
                let all = rebuild_in_pages(&database, &groups, later(), &Silent, 3);
                let report = block_in_place(|| Handle::current().block_on(all)).unwrap();
                assert!(report.resumed);
                second.fetch_add(1, Ordering::SeqCst);
            }
        });
        let first = rebuild_in_pages(&world.database, &named("groups"), now(), &progress, 2).await;
        assert!(
            matches!(&first, Err(ReplayError::Overtaken { projection }) if projection == "groups"),
            "{first:?}"
        );
        assert_eq!(second.load(Ordering::SeqCst), 1);
        let all = status(&world.database).await.unwrap();
        let groups = all.iter().find(|one| one.name == "groups").unwrap();
        assert_eq!((groups.generation, groups.last_error.clone()), (2, None));
        assert_all_equal(&world).await;
    }
}

async fn a_rebuild_that_was_taken_over_writes_nothing_more_even_when_the_other_one_died(on: On) {
    for meeting in 1..=4 {
        let world = World::with_history(on).await;
        let live = world.table(&named("groups")).await;
        let progress = at_step(|number| {
            if number == meeting {
                let other = die_at(&world, named("groups"), 1);
                block_in_place(|| Handle::current().block_on(other));
            }
        });
        let first = rebuild_in_pages(&world.database, &named("groups"), now(), &progress, 2).await;
        assert!(matches!(first, Err(ReplayError::Overtaken { .. })), "{first:?}");
        let report = loop {
            // On PostgreSQL the abandoned transaction may hold its lock for a moment.
            match rebuild_in_pages(&world.database, &named("groups"), now(), &Silent, 2).await {
                Err(ReplayError::Overtaken { .. }) => tokio::task::yield_now().await,
                outcome => break outcome.unwrap(),
            }
        };
        assert_eq!((report.generation, report.resumed), (2, true));
        assert_eq!(world.table(&named("groups")).await, live);
    }
}

async fn rows_of_a_newer_fold_are_never_folded_down(on: On) {
    let world = World::with_history(on).await;
    let newer = |change: &str| format!("update projections set {change} where name = 'groups'");
    world.by_hand(&newer("fold_version = fold_version + 1")).await;
    let outcome = rebuild(&world.database, &named("groups"), now(), &Silent).await;
    assert!(matches!(outcome, Err(ReplayError::Newer { .. })), "{outcome:?}");
    assert!(!world.has_table("groups_next").await);
    world.by_hand(&newer("fold_version = fold_version - 1")).await;

    die_at(&world, named("groups"), 3).await;
    let begun = world
        .value("select rebuild_cursor from projections where name = 'groups'")
        .await;
    let fold_version = named("groups").fold_version;
    world
        .by_hand(&newer(&format!(
            "rebuild_cursor = replace(rebuild_cursor, '\"fold_version\":{fold_version}', '\"fold_version\":99')"
        )))
        .await;
    let outcome = rebuild(&world.database, &named("groups"), now(), &Silent).await;
    assert!(matches!(outcome, Err(ReplayError::Newer { .. })), "{outcome:?}");
    world.by_hand(&newer(&format!("rebuild_cursor = '{begun}'"))).await;
    rebuild(&world.database, &named("groups"), now(), &Silent)
        .await
        .unwrap();
    assert_all_equal(&world).await;
}

async fn a_rebuild_that_somebody_else_goes_on_with_is_waited_for_until_it_stands_still(on: On) {
    let world = World::with_history(on).await;
    let groups = named("groups");
    let pauses = AtomicUsize::new(0);
    let pause = async || {
        pauses.fetch_add(1, Ordering::SeqCst);
    };
    wait_while_it_moves(&world.database, &groups, pause).await.unwrap();
    assert_eq!(pauses.swap(0, Ordering::SeqCst), 0, "there is none to wait for");

    die_at(&world, groups, 3).await;
    let moving = async || {
        if pauses.fetch_add(1, Ordering::SeqCst) < 3 {
            die_at(&world, groups, 1).await;
        }
    };
    wait_while_it_moves(&world.database, &groups, moving).await.unwrap();
    assert_eq!(
        pauses.swap(0, Ordering::SeqCst),
        4,
        "it moved three times, and then no more"
    );

    let ending = async || {
        pauses.fetch_add(1, Ordering::SeqCst);
        rebuild(&world.database, &groups, now(), &Silent).await.unwrap();
    };
    wait_while_it_moves(&world.database, &groups, ending).await.unwrap();
    assert_eq!(pauses.swap(0, Ordering::SeqCst), 1, "it ended");
}

async fn whoever_reads_the_old_table_keeps_nobody_from_writing(on: On) {
    let world = World::with_history(on).await;
    let mut reader = world.database.begin(ConnectionPurpose::Snapshot).await.unwrap();
    reader.rows(Query::new("select name from groups", [])).await.unwrap();
    let groups = named("groups");
    let rebuilding = rebuild(&world.database, &groups, now(), &Silent);
    let writing = async {
        for number in 0..20 {
            put_entity(&world.log, "acme", &format!("entity-{number}")).await;
        }
        drop(reader);
    };
    let (rebuilt, ()) = tokio::join!(rebuilding, writing);
    assert_eq!(rebuilt.unwrap().generation, 2);
    assert_all_equal(&world).await;
}
