//! R29: tests which events a download contains, and in which pieces it arrives.

use futures::StreamExt;

use super::*;
use crate::activity_log::export::PAGE;
use crate::activity_log::{csv, file_name, ndjson};
use crate::log::read::EVENT_COLUMNS;
use crate::store::{ConnectionPurpose, OnConflict};

/// An application with `count` events; all but the first change its description.
async fn with_events(count: usize) -> World {
    let world = World::new().await;
    let changes = (1..count).map(|n| described(&format!("{}", n - 1), &format!("{n}")));
    let facts = std::iter::once(created("acme", "Payroll Bridge")).chain(changes);
    world.app(APP, &ada(), facts.collect()).await;
    world
}

/// Interleaved events of a group, its two applications, and another group.
async fn taking_turns() -> World {
    let world = World::new().await;
    world.group("acme", &ada(), vec![registered()]).await;
    world.app(APP, &ada(), vec![created("acme", "One")]).await;
    world.app(OTHER_APP, &ada(), vec![created("acme", "Two")]).await;
    world.group("globex", &ada(), vec![registered()]).await;
    world.app(APP, &ada(), vec![described("a", "b")]).await;
    let renamed = r#"{"GroupRenamed":{"before":"Acme Holding","after":"Acme"}}"#;
    world
        .group("acme", &ada(), vec![serde_json::from_str(renamed).unwrap()])
        .await;
    world.app(OTHER_APP, &ada(), vec![described("a", "b")]).await;
    world
}

async fn insert(world: &World, event: StoredEvent) {
    let mut transaction = world.database.begin(ConnectionPurpose::Write).await.unwrap();
    let row = vec![
        event.position.into(),
        event.recorded_at.into(),
        event.aggregate_type.into(),
        event.aggregate_id.into(),
        event.group_id.into(),
        event.app_id.into(),
        event.sequence.into(),
        event.event_type.into(),
        event.event_version.into(),
        event.payload.into(),
        event.metadata.into(),
        event.previous_hash.into(),
        event.hash.into(),
    ];
    let rows = [row];
    transaction
        .insert("events", EVENT_COLUMNS, &rows, OnConflict::Fail)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
}

#[tokio::test]
async fn r29_a_long_log_comes_in_pieces_that_make_the_whole() {
    let world = with_events(3 * PAGE).await;
    let stored = world.stored().await;
    let whole = [csv::header().unwrap(), csv::rows(stored.clone(), None).unwrap()].concat();
    let lines = ndjson::lines(stored, None).unwrap();
    for scope in [Scope::App(APP), group("acme")] {
        let pieces = world.pieces(scope.clone(), ALL, LogFormat::Csv).await;
        assert_eq!(pieces.len(), 3);
        assert_eq!(pieces.concat(), whole);
        let pieces = world.pieces(scope, ALL, LogFormat::Ndjson).await;
        assert_eq!(pieces.len(), 3);
        assert_eq!(pieces.concat(), lines);
    }
}

#[tokio::test]
async fn r29_nothing_is_lost_or_told_twice_where_pieces_meet() {
    let world = with_events(PAGE + 1).await;
    for count in [PAGE as i64 - 1, PAGE as i64, PAGE as i64 + 1] {
        let range = LogPeriod {
            up_to_position: count,
            ..ALL
        };
        for scope in [Scope::App(APP), group("acme")] {
            let positions = world.positions(scope, range).await;
            assert_eq!(positions, (1..=count).collect::<Vec<_>>());
        }
    }
}

#[tokio::test]
async fn r29_a_range_includes_its_beginning_and_excludes_its_end() {
    let world = World::new().await;
    world.app(APP, &ada(), vec![created("acme", "Payroll Bridge")]).await;
    for (before, after) in [("a", "b"), ("b", "c"), ("c", "d")] {
        world.tick();
        world.app(APP, &ada(), vec![described(before, after)]).await;
    }
    let second = |n: u32| Some(moment(&format!("2026-11-23T09:15:0{n}Z")));
    let just_after = Some(moment("2026-11-23T09:15:01.001Z"));
    for (from, to, expected) in [
        (None, None, &[1, 2, 3, 4][..]),
        (second(1), second(3), &[2, 3]),
        (second(3), None, &[4]),
        (None, second(0), &[]),
        (just_after, None, &[3, 4]),
        (None, just_after, &[1, 2]),
        (second(2), second(2), &[]),
        (second(4), None, &[]),
    ] {
        let range = LogPeriod { from, to, ..ALL };
        for scope in [Scope::App(APP), group("acme")] {
            assert_eq!(world.positions(scope, range).await, expected, "{range:?}");
        }
    }
}

#[tokio::test]
async fn r29_what_is_written_meanwhile_is_not_in_it() {
    let world = with_events(PAGE).await;
    let range = LogPeriod {
        up_to_position: PAGE as i64,
        ..ALL
    };
    let format = LogFormat::Csv;
    let before = world.pieces(group("acme"), range, format).await.concat();
    let mut export = Box::pin(export(world.database.clone(), group("acme"), range, format));
    let mut meanwhile = export.next().await.unwrap().unwrap();
    world.app(APP, &ada(), vec![described("x", "y")]).await;
    while let Some(piece) = export.next().await {
        meanwhile.extend(piece.unwrap());
    }
    assert_eq!(meanwhile, before);
}

#[tokio::test]
async fn r4_r29_a_groups_log_holds_its_own_events_between_its_applications_and_nobody_elses() {
    let world = taking_turns().await;
    assert_eq!(world.positions(group("acme"), ALL).await, [1, 2, 3, 5, 6, 7]);
    assert_eq!(world.positions(group("globex"), ALL).await, [4]);
    assert_eq!(world.positions(Scope::App(APP), ALL).await, [2, 5]);
    assert_eq!(world.positions(Scope::App(OTHER_APP), ALL).await, [3, 7]);
}

#[tokio::test]
async fn r29_a_log_without_events_is_a_header() {
    let world = World::new().await;
    for scope in [Scope::App(APP), group("acme")] {
        let csv = world.pieces(scope.clone(), ALL, LogFormat::Csv).await;
        assert_eq!(csv, [csv::header().unwrap()]);
        assert_eq!(world.text(scope, ALL, LogFormat::Ndjson).await, "");
    }
}

#[tokio::test]
async fn r29_an_event_that_cannot_be_read_is_in_the_download_with_what_is_stored_of_it() {
    let world = with_events(PAGE).await;
    let broken = StoredEvent {
        position: PAGE as i64 + 1,
        sequence: PAGE as i64 + 1,
        event_version: "2".to_owned(),
        ..loose(
            "IntegrationApp",
            r#"{"ApplicationResumed":{"reason":null}}"#,
            "operator",
            "Kim Lee",
        )
    };
    insert(&world, broken).await;
    for format in [LogFormat::Csv, LogFormat::Ndjson] {
        let mut export = Box::pin(export(world.database.clone(), Scope::App(APP), ALL, format));
        assert!(export.next().await.unwrap().is_ok());
        let last = String::from_utf8(export.next().await.unwrap().unwrap()).unwrap();
        assert!(
            last.contains("An event that cannot be read: ApplicationResumed version 2."),
            "{last}"
        );
        assert!(last.contains("reason") && last.contains("Kim Lee"), "{last}");
        assert!(export.next().await.is_none());
    }
}

#[tokio::test]
async fn r29_a_database_that_goes_away_ends_the_download_with_an_error() {
    let world = with_events(2 * PAGE + 1).await;
    let mut export = Box::pin(export(world.database.clone(), group("acme"), ALL, LogFormat::Csv));
    assert!(export.next().await.unwrap().is_ok());
    world.database.close().await;
    // The second page may have been read before; the third cannot be.
    let rest: Vec<_> = export.collect().await;
    let (last, before) = rest.split_last().unwrap();
    assert!(last.as_ref().unwrap_err().is_unavailable());
    assert!(before.len() <= 1 && before.iter().all(Result::is_ok));
}

#[tokio::test]
async fn a_database_that_is_away_is_told_before_the_first_byte() {
    let world = with_events(1).await;
    world.database.close().await;
    let mut export = Box::pin(export(world.database.clone(), group("acme"), ALL, LogFormat::Csv));
    assert!(export.next().await.unwrap().is_err());
}

#[test]
fn a_download_has_a_name_that_every_system_takes() {
    let app = Scope::App(APP);
    for (name, expected) in [
        ("Payroll Bridge", "activity-log-payroll-bridge.csv"),
        ("  Über-Straße, Größe 2! ", "activity-log-ueber-strasse-groesse-2.csv"),
        ("../../etc/passwd", "activity-log-etc-passwd.csv"),
        ("a\"; filename=\"b\r\nX: y", "activity-log-a-filename-b-x-y.csv"),
        ("日本", "activity-log-019ab000-0000-7000-8000-000000000010.csv"),
    ] {
        assert_eq!(file_name(&app, name, LogFormat::Csv), expected);
    }
    let long = file_name(&app, &"a ".repeat(50), LogFormat::Ndjson);
    assert_eq!(
        long,
        format!("activity-log-{}.ndjson", "a-".repeat(30).trim_end_matches('-'))
    );
    for (id, name, expected) in [
        ("acme", "Acme Holding", "activity-log-group-acme-holding.csv"),
        ("Acme.1", "日本", "activity-log-group-acme-1.csv"),
        ("-", "日本", "activity-log-group.csv"),
    ] {
        assert_eq!(file_name(&group(id), name, LogFormat::Csv), expected);
    }
}
