//! Tests that an exported file alone shows every change made to it.

use std::fmt::Write as _;

use gatebook_aggregates::metadata::Metadata;
use gatebook_projections::recorded::StoredEvent;
use serde_json::json;

use super::*;
use crate::log::hash_chain::EventParts;
use crate::log::read::{SELECT_EVENTS, events};
use crate::replay::{ExportedRange, FileReport, verify_exported};

on_both_databases!(
    an_exported_log_is_verified_with_nothing_but_the_file,
    a_part_of_the_log_is_verified_from_the_first_line_of_each_stream_on,
    whatever_is_changed_in_a_line_is_found,
    a_changed_hash_breaks_the_chain_on_both_sides,
    a_line_that_is_missing_doubled_or_out_of_order_is_found,
);

/// The log as an export writes it.
async fn file(world: &World, condition: &str) -> String {
    let sql = format!("{SELECT_EVENTS} where {condition} order by position");
    let mut file = String::new();
    for event in events(world.rows(&sql).await).unwrap() {
        writeln!(file, "{}", line(&event)).unwrap();
    }
    file
}

fn line(event: &StoredEvent) -> String {
    let metadata: Metadata = serde_json::from_str(&event.metadata).unwrap();
    let parts = EventParts::of(event).unwrap();
    let stream = format!("{}/{}", event.aggregate_type, event.aggregate_id);
    json!({
        "position": event.position, "sequence": event.sequence, "recorded_at": event.recorded_at, "app_id": event.app_id,
        "app_name": metadata.app_name, "event": event.event_type, "summary": "Something happened.",
        "actor_type": metadata.actor_type, "actor_id": metadata.actor_id, "actor_name": metadata.actor_name,
        "ip_address": metadata.ip_address, "request_id": metadata.request_id,
        "details": serde_json::from_str::<serde_json::Value>(&parts.details).unwrap(),
        "previous_hash": event.previous_hash, "hash": event.hash, "aggregate_type": event.aggregate_type,
        "aggregate_id": event.aggregate_id, "group_id": event.group_id, "event_version": event.event_version,
        "digests_hash": parts.digests_hash, "stream": stream,
    })
    .to_string()
}

fn verified(file: &str) -> FileReport {
    verify_exported(file.as_bytes(), ExportedRange::default()).unwrap()
}

/// Lines and problems of all findings.
fn findings(file: &str) -> Vec<String> {
    let report = verified(file);
    report.findings.iter().map(ToString::to_string).collect()
}

async fn an_exported_log_is_verified_with_nothing_but_the_file(on: On) {
    let world = World::with_history(on).await;
    let all = file(&world, "1 = 1").await;
    assert!(all.contains("otp_expires_at") && !all.contains("otp_digest"));
    let report = verified(&all);
    assert_eq!((report.lines as i64, report.findings), (world.head().await, vec![]));
}

async fn a_part_of_the_log_is_verified_from_the_first_line_of_each_stream_on(on: On) {
    let world = World::with_history(on).await;
    for condition in [
        "position > 3",
        "group_id = 'acme' and position > 2",
        "aggregate_type = 'IntegrationApp'",
    ] {
        assert_eq!(findings(&file(&world, condition).await), [""; 0], "{condition}");
    }
}

async fn whatever_is_changed_in_a_line_is_found(on: On) {
    let world = World::with_history(on).await;
    let untouched = file(&world, "position = 1").await;
    assert!(untouched.contains("Olga “Ops” O'Hara"));
    for (before, after) in [
        ("\"name\":\"acme\"", "\"name\":\"evil\""),
        ("\"details\":{", "\"details\":{ "),
        ("\"actor_name\":\"Olga", "\"actor_name\":\"Anna"),
        ("192.0.2.1", "192.0.2.2"),
        ("\"request_id\":\"r-1\"", "\"request_id\":\"r-2\""),
        ("\"actor_type\":\"operator\"", "\"actor_type\":\"system\""),
        ("09:15:00.000Z", "09:15:00.001Z"),
        ("\"group_id\":\"acme\"", "\"group_id\":\"globex\""),
        ("\"digests_hash\":\"\"", "\"digests_hash\":\"00\""),
        ("\"app_name\":\"\"", "\"app_name\":\"x\""),
        ("\"position\":1", "\"position\":2"),
        ("\"app_id\":\"\"", "\"app_id\":\"acme\""),
        ("\"stream\":\"Group/acme", "\"stream\":\"Group/globex"),
    ] {
        assert!(untouched.contains(before), "{before}");
        let found = findings(&untouched.replacen(before, after, 1));
        assert_eq!(found.len(), 1, "{after}: {found:?}");
        assert!(found[0].starts_with("line 1 (position "), "{found:?}");
    }
}

async fn a_changed_hash_breaks_the_chain_on_both_sides(on: On) {
    let world = World::with_history(on).await;
    let lines = file(&world, "aggregate_id = 'acme'").await;
    let second: serde_json::Value = serde_json::from_str(lines.lines().nth(1).unwrap()).unwrap();
    let hash = second["hash"].as_str().unwrap();
    let changed = lines.replacen(
        &format!("\"hash\":\"{hash}"),
        &format!("\"hash\":\"{}", "0".repeat(64)),
        1,
    );
    let found = findings(&changed);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("line 2") && found[0].contains(hash), "{found:?}");
    assert!(
        found[1].starts_with("line 3") && found[1].contains("predecessor"),
        "{found:?}"
    );
}

async fn a_line_that_is_missing_doubled_or_out_of_order_is_found(on: On) {
    let world = World::with_history(on).await;
    let whole = file(&world, "aggregate_id = 'acme'").await;
    let lines: Vec<_> = whole.lines().collect();
    let missing = [lines[0], lines[2], lines[3]].join("\n");
    assert_eq!(
        findings(&missing),
        ["line 2 (position 3): it is number 3 of Group acme, right after number 1"]
    );
    let doubled = [lines[0], lines[1], lines[1]].join("\n");
    assert_eq!(findings(&doubled).len(), 2);
    let swapped = [lines[1], lines[0]].join("\n");
    assert_eq!(findings(&swapped).len(), 2);
}

#[test]
fn a_line_that_cannot_be_read_is_found_with_its_number() {
    let found = findings("{}\n\nnonsense\n");
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found[2].starts_with("line 3: it cannot be read"), "{found:?}");
    let report = verified(&"x\n".repeat(150));
    assert_eq!((report.lines, report.findings.len(), report.more), (150, 100, 50));
}

#[test]
fn a_csv_is_told_from_an_ndjson() {
    for header in ["position,sequence\r\n1,1\r\n", "\u{feff}\"position\",\"sequence\"\r\n"] {
        let found = findings(header);
        assert!(found.len() == 1 && found[0].contains("this is a CSV"), "{found:?}");
    }
}
