//! Tests which events of exported files the database lacks.

use super::*;
use crate::activity_log::LogEntry;
use crate::log::read::{SELECT_EVENTS, events};
use crate::replay::compare::LostEvent;
use crate::replay::{CompareTotals, Comparison, Finding, Pass};

on_both_databases!(
    of_a_file_that_the_database_has_all_of_nothing_is_lost,
    what_was_recorded_after_the_backup_is_missing_and_what_took_access_away_is_told_apart,
    what_has_been_recorded_in_the_place_of_a_lost_event_is_named_beside_it,
    an_event_in_two_files_is_lost_once,
    a_line_that_says_what_was_never_recorded_cannot_be_used,
    files_of_many_batches_are_compared_to_their_last_line,
);

/// The log as an export writes it.
async fn file(world: &World) -> String {
    let sql = format!("{SELECT_EVENTS} order by position");
    let events = events(world.rows(&sql).await).unwrap();
    let lines = events.iter().map(|event| {
        let entry = LogEntry::of(event).unwrap();
        serde_json::to_string(&entry).unwrap() + "\n"
    });
    lines.collect()
}

/// The findings of both passes over the files, in the order of reporting.
async fn compared(world: &World, files: &[&str]) -> (Vec<Finding>, CompareTotals) {
    let mut findings = Vec::new();
    let mut totals = Vec::new();
    for pass in [Pass::TookAccessAway, Pass::Others] {
        let mut comparison = Comparison::new(&*world.database, pass, |finding| {
            findings.push(finding);
            Ok(())
        });
        for (number, file) in files.iter().enumerate() {
            comparison
                .file(&format!("file {number}"), file.as_bytes())
                .await
                .unwrap();
        }
        totals.push(comparison.totals());
    }
    assert_eq!(totals[0], totals[1]);
    (findings, totals.remove(0))
}

/// The names of lost events, and whether each took access away.
fn lost(findings: &[Finding]) -> Vec<(&str, bool)> {
    let lost = findings.iter().filter_map(|finding| match finding {
        Finding::Missing(lost) | Finding::Differs { lost, .. } => Some((lost.event.as_str(), lost.took_access_away)),
        Finding::Unusable { .. } => None,
    });
    lost.collect()
}

/// The export of an installation whose backup is like `World::with_history`, with events recorded after that backup.
async fn after_the_backup(on: On) -> String {
    let lost = World::with_history(on).await;
    put_entity(&lost.log, "acme", "paris").await;
    suspend(&lost.log, 1).await;
    suspend(&lost.log, 3).await;
    file(&lost).await
}

async fn of_a_file_that_the_database_has_all_of_nothing_is_lost(on: On) {
    let world = World::with_history(on).await;
    let file = format!("\u{feff}{}\n", file(&world).await);
    let (findings, totals) = compared(&world, &[&file, ""]).await;
    assert_eq!(findings, Vec::new());
    assert!(totals.nothing_lost());
    assert_eq!(totals.events as i64, world.head().await);
}

async fn what_was_recorded_after_the_backup_is_missing_and_what_took_access_away_is_told_apart(on: On) {
    let exported = after_the_backup(on).await;
    let restored = World::with_history(on).await;
    let (findings, totals) = compared(&restored, &[&exported]).await;
    let suspended = ("ApplicationSuspended", true);
    assert_eq!(lost(&findings), [suspended, suspended, ("EntityAdded", false)]);
    assert_eq!((totals.missing, totals.differs, totals.took_access_away), (3, 0, 2));
    let Finding::Missing(LostEvent {
        position,
        line,
        undone,
        summary,
        app_name,
        ..
    }) = &findings[0]
    else {
        panic!("{findings:?}")
    };
    let head = restored.head().await;
    assert_eq!((*position, *line as i64), (head + 2, head + 2));
    assert_eq!(*undone, Some("the application runs again"));
    assert_eq!(app_name, "App 1");
    assert!(summary.ends_with("suspended the application."), "{summary}");
}

async fn what_has_been_recorded_in_the_place_of_a_lost_event_is_named_beside_it(on: On) {
    let exported = after_the_backup(on).await;
    let restored = World::with_history(on).await;
    // Another entity continues Acme's stream, at the first position after the backup.
    put_entity(&restored.log, "acme", "madrid").await;
    let (findings, totals) = compared(&restored, &[&exported]).await;
    assert_eq!((totals.missing, totals.differs), (2, 1));
    let differing = findings.iter().find_map(|finding| match finding {
        Finding::Differs { lost, instead } => Some((lost, instead)),
        _ => None,
    });
    let (lost, instead) = differing.unwrap();
    assert!(lost.summary.contains("paris"), "{}", lost.summary);
    assert!(instead.summary.contains("madrid"), "{}", instead.summary);
    assert_eq!(instead.position, lost.position);
}

async fn an_event_in_two_files_is_lost_once(on: On) {
    let exported = after_the_backup(on).await;
    let restored = World::with_history(on).await;
    let (findings, totals) = compared(&restored, &[&exported, &exported]).await;
    assert_eq!((findings.len(), totals.missing), (3, 3));
}

async fn a_line_that_says_what_was_never_recorded_cannot_be_used(on: On) {
    let exported = after_the_backup(on).await;
    let restored = World::with_history(on).await;
    let changed = exported.replacen("\"entity_id\":\"paris\"", "\"entity_id\":\"tokyo\"", 1);
    assert_ne!(changed, exported);
    let broken = format!("{changed}position;sequence\n");
    let (findings, totals) = compared(&restored, &[&broken]).await;
    assert_eq!((totals.unusable, totals.missing), (2, 2));
    assert!(!totals.nothing_lost());
    let unusable = findings
        .iter()
        .filter(|finding| matches!(finding, Finding::Unusable { .. }));
    assert_eq!(unusable.count(), 2);
}

async fn files_of_many_batches_are_compared_to_their_last_line(on: On) {
    let lost = World::with_history(on).await;
    for number in 0..530 {
        put_entity(&lost.log, "acme", &format!("e{number}")).await;
    }
    let restored = World::with_history(on).await;
    let exported = file(&lost).await;
    let (findings, totals) = compared(&restored, &[&exported]).await;
    assert_eq!((findings.len(), totals.missing), (530, 530));
    assert!(matches!(&findings[529], Finding::Missing(lost) if lost.summary.contains("e529")));
}
