//! Tests the sentences. `summaries.txt` contains pairs of lines: a stored event, and its sentence about Kim Lee.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::*;
use crate::activity_log::{LogEntry, summary};
use crate::log::readable::EVENT_NAMES;

const SENTENCES: &str = include_str!("summaries.txt");
const GOLDEN: &str = include_str!("../../../aggregates/golden/v1.ndjson");

#[derive(Deserialize)]
struct Golden {
    aggregate_type: String,
    payload: Box<RawValue>,
}

fn pairs() -> Vec<(StoredEvent, &'static str)> {
    let lines: Vec<_> = SENTENCES.lines().filter(|line| !line.is_empty()).collect();
    let pairs = lines.chunks(2).map(|pair| {
        let mut event = loose("", pair[0], "group_user", "Kim Lee");
        event.aggregate_type = kind_of(&event.event_type).to_owned();
        (event, pair[1])
    });
    pairs.collect()
}

fn kind_of(event_type: &str) -> &'static str {
    let kind = EVENT_NAMES.iter().find(|(_, types)| types.contains(&event_type));
    kind.unwrap_or_else(|| panic!("{event_type} is no event")).0
}

/// All events that were ever shipped, with digests that are easy to find.
fn shipped() -> Vec<StoredEvent> {
    let events = GOLDEN.lines().map(|line| {
        let golden: Golden = serde_json::from_str(line).unwrap();
        let mut payload: Value = serde_json::from_str(golden.payload.get()).unwrap();
        mark_digests(&mut payload);
        loose(&golden.aggregate_type, &payload.to_string(), "developer", "Kim Lee")
    });
    events.collect()
}

fn mark_digests(value: &mut Value) {
    for (name, value) in value.as_object_mut().into_iter().flatten() {
        if name.contains("digest") {
            *value = DIGEST.into();
        }
        mark_digests(value);
    }
}

#[test]
fn r28_every_event_is_told_in_a_sentence() {
    for (event, sentence) in pairs() {
        assert_eq!(summary(&event).unwrap(), sentence, "{}", event.payload);
    }
}

#[test]
fn r28_no_event_type_is_without_a_sentence_in_the_table() {
    let described: BTreeSet<_> = pairs().into_iter().map(|(e, _)| e.event_type).collect();
    let all = EVENT_NAMES.iter().flat_map(|(_, names)| names.iter());
    let all: BTreeSet<_> = all.map(|name| (*name).to_owned()).collect();
    assert_eq!(described, all);
}

#[test]
fn r28_every_event_that_was_ever_shipped_has_an_entry_without_a_digest() {
    for event in shipped() {
        let entry = LogEntry::of(&event).unwrap();
        let line = serde_json::to_string(&entry).unwrap();
        assert!(entry.summary.starts_with("Kim Lee "), "{line}");
        assert!(!line.contains(DIGEST), "{line}");
        let holds_digests = event.payload.contains(DIGEST);
        assert_eq!(entry.digests_hash.len(), if holds_digests { 64 } else { 0 });
    }
}

#[test]
fn r28_somebody_without_a_name_is_told_in_words() {
    let wrong = r#"{"OneTimePasswordMistyped":{"attempts_left":4}}"#;
    for (actor_type, words) in [
        ("group_user", "A group user"),
        ("developer", "A developer"),
        ("operator", "An operator"),
        ("integration", "The integration"),
        ("system", "Gatebook"),
    ] {
        for nameless in ["", "  "] {
            let event = loose("IntegrationApp", wrong, actor_type, nameless);
            let expected = format!("{words} entered a wrong OTP; 4 tries are left.");
            assert_eq!(summary(&event).unwrap(), expected);
        }
    }
}

#[test]
fn a_sentence_stays_on_one_line() {
    for (event, _) in pairs() {
        let event = loose(&event.aggregate_type, &event.payload, "developer", r"Kim\r\n\tLee");
        let sentence = summary(&event).unwrap();
        assert!(sentence.starts_with("Kim Lee "), "{sentence}");
        assert!(!sentence.contains(char::is_control), "{sentence}");
    }
}

#[test]
fn of_thousands_of_entities_the_sentence_names_a_few_and_counts_the_others() {
    let many: Vec<_> = (0..20_000).map(|n| format!("e{n:05}")).collect();
    let changed = serde_json::json!({"EntitiesChanged": {"added": many, "removed": ["x"]}});
    let sentence = summary(&loose("IntegrationApp", &changed.to_string(), "group_user", "Kim Lee")).unwrap();
    assert!(
        sentence.starts_with("Kim Lee changed the entities: added e00000, e00001, "),
        "{sentence}"
    );
    assert!(sentence.ends_with(", e00049 and 19,950 more; removed x."), "{sentence}");
}

#[test]
fn an_event_that_cannot_be_read_is_named_with_its_position() {
    let revoked = r#"{"ApplicationRevoked":{"reason":null,"revoked_at":"2026-11-23T09:15:00.000Z"}}"#;
    let event = loose("IntegrationApp", revoked, "operator", "Kim Lee");
    let changes: [fn(&mut StoredEvent); 5] = [
        |e| e.aggregate_type = "Invoice".to_owned(),
        |e| e.event_type = "ApplicationSuspended".to_owned(),
        |e| e.event_version = "2".to_owned(),
        |e| e.payload = e.payload.replace("reason", "because"),
        |e| e.metadata = e.metadata.replace("operator", "burglar"),
    ];
    for change in changes {
        let mut changed = event.clone();
        change(&mut changed);
        assert_eq!(summary(&changed).unwrap_err().position, 7);
        assert_eq!(LogEntry::of(&changed).unwrap_err().position, 7);
    }
}

#[test]
fn r29_metadata_that_nobody_could_hash_again_is_refused() {
    let resumed = r#"{"ApplicationResumed":{"reason":null}}"#;
    let event = loose("IntegrationApp", resumed, "operator", "Kim Lee");
    assert!(LogEntry::of(&event).is_ok());
    let spaced = StoredEvent {
        metadata: event.metadata.replace("\":\"", "\": \""),
        ..event
    };
    let refused = LogEntry::of(&spaced).unwrap_err();
    assert!(refused.problem.contains("metadata"), "{refused}");
}
