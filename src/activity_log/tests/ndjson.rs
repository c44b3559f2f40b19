//! R29: tests that an auditor can check the ndjson.

use super::*;
use crate::activity_log::LogEntry;
use crate::activity_log::ndjson::{lines, read_line};
use crate::log::hash_chain::{EventParts, hash_of};
use crate::replay::{ExportedRange, verify_exported};

async fn invited_app() -> World {
    let world = World::new().await;
    let odd = user("=1+1 \u{2028} \"Ä\"\n");
    world.app(APP, &odd, vec![created("acme", "=cmd|x"), invited()]).await;
    world.tick();
    world
        .app(APP, &ada(), vec![described("a", "ü \\u0001 \\\" / \\\\ \u{1F469}")])
        .await;
    world
}

async fn ndjson(world: &World) -> String {
    world.text(group("acme"), ALL, LogFormat::Ndjson).await
}

#[tokio::test]
async fn r28_a_line_lets_its_hash_be_recomputed() {
    let world = invited_app().await;
    let stored = world.stored().await;
    let text = ndjson(&world).await;
    assert_eq!(text.lines().count(), 3);
    let mut previous = NO_PREDECESSOR.to_owned();
    for (line, stored) in text.lines().zip(&stored) {
        let entry = read_line(line).unwrap();
        let hash = hash_of(stored, &EventParts::of(stored).unwrap());
        assert_eq!(entry.recomputed_hash().unwrap(), hash);
        assert_eq!((&entry.hash, &entry.previous_hash), (&hash, &previous));
        previous = hash;
    }
}

#[tokio::test]
async fn r28_a_change_by_hand_shows_in_the_hash() {
    let world = invited_app().await;
    let entry = LogEntry::of(&world.stored().await[1]).unwrap();
    let changes: [fn(&mut LogEntry); 17] = [
        |e| e.position += 1,
        |e| e.sequence += 1,
        |e| e.recorded_at.push('0'),
        |e| e.app_name.push('0'),
        |e| e.event.push('0'),
        |e| e.actor_type = ActorType::System,
        |e| e.actor_id.push('0'),
        |e| e.actor_name.push('0'),
        |e| e.ip_address.push('0'),
        |e| e.request_id.push('0'),
        |e| e.details = serde_json::from_str("{}").unwrap(),
        |e| e.previous_hash.push('0'),
        |e| e.aggregate_type.push('0'),
        |e| e.aggregate_id.push('0'),
        |e| e.group_id.push('0'),
        |e| e.event_version.push('0'),
        |e| e.digests_hash.push('0'),
    ];
    assert_eq!(entry.recomputed_hash().unwrap(), entry.hash);
    for change in changes {
        let mut changed = entry.clone();
        change(&mut changed);
        assert_ne!(changed.recomputed_hash().unwrap(), entry.hash, "{changed:?}");
    }
}

#[tokio::test]
async fn r29_a_line_holds_everything_untouched_and_the_details_in_their_very_bytes() {
    let world = invited_app().await;
    let text = ndjson(&world).await;
    for (line, stored) in text.lines().zip(world.stored().await) {
        let details = EventParts::of(&stored).unwrap().details;
        assert!(line.contains(&format!(r#","details":{details},"#)), "{line}");
    }
    let first = read_line(text.lines().next().unwrap()).unwrap();
    assert_eq!(first.app_name, "=cmd|x");
    assert_eq!(first.actor_name, "=1+1 \u{2028} \"Ä\"\n");
}

#[tokio::test]
async fn the_fields_of_a_line_are_the_columns_and_what_the_hash_needs() {
    let world = invited_app().await;
    let text = ndjson(&world).await;
    let line: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    let besides = [
        "stream",
        "aggregate_type",
        "aggregate_id",
        "group_id",
        "event_version",
        "digests_hash",
    ];
    let expected: Vec<_> = LogEntry::COLUMNS.into_iter().chain(besides).collect();
    assert_eq!(line.keys().collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn a_line_that_could_be_read_in_two_ways_is_refused() {
    let world = invited_app().await;
    let line = ndjson(&world).await.lines().next().unwrap().to_owned();
    assert!(read_line(&line).is_ok());
    let twice = line.replacen('{', r#"{"summary":"Nothing happened.","#, 1);
    let one_more = line.replacen('{', r#"{"note":"!","#, 1);
    for bad in [twice, one_more, line[..line.len() - 1].to_owned()] {
        assert_ne!(bad, line);
        assert!(read_line(&bad).is_err(), "{bad}");
    }
    let other_app = line.replace(&format!(r#""app_id":"{APP}""#), r#""app_id":"""#);
    assert_ne!(other_app, line);
    let other_app = read_line(&other_app).unwrap();
    assert_ne!(other_app.recomputed_hash().unwrap(), other_app.hash);
}

#[test]
fn an_event_with_metadata_that_nobody_can_read_keeps_its_hash_and_no_field_can_be_put_in_for_it() {
    let mut stored = loose("IntegrationApp", r#"{"Dreamt":{"of":"sheep"}}"#, "operator", "Kim Lee");
    stored.sequence = 1;
    stored.previous_hash = NO_PREDECESSOR.to_owned();
    stored.metadata = r#"{"robot":7}"#.to_owned();
    stored.hash = hash_of(&stored, &EventParts::of(&stored).unwrap());
    let line = String::from_utf8(lines(vec![stored.clone()], None).unwrap()).unwrap();
    let entry = read_line(line.trim_end()).unwrap();
    assert_eq!(entry.recomputed_hash().unwrap(), stored.hash);
    assert_eq!(
        (entry.actor_name.as_str(), entry.metadata.as_deref()),
        ("", Some(r#"{"robot":7}"#))
    );
    assert_eq!(entry.details.get(), r#"{"of":"sheep"}"#);
    let holds = |file: &str| {
        verify_exported(file.as_bytes(), ExportedRange::default())
            .unwrap()
            .holds()
    };
    assert!(holds(&line));
    let forged = line.replace(r#""actor_name":"""#, r#""actor_name":"Eve""#);
    assert_ne!(forged, line);
    assert!(!holds(&forged));
}

#[test]
fn no_events_make_no_lines() {
    assert_eq!(lines(Vec::new(), None).unwrap(), b"");
}
