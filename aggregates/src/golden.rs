//! The stored JSON of every version ever shipped: it decodes for ever, and to nothing less than it holds.
//!
//! `golden/v1.ndjson` only grows. A line that has been there at a release is never edited.

use std::collections::BTreeSet;

use cqrs_es::{Aggregate, DomainEvent};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use strum::VariantNames;

use crate::access_token::{AccessToken, AccessTokenEvent};
use crate::developer::{Developer, DeveloperEvent};
use crate::group::{Group, GroupEvent, GroupSubject};
use crate::integration_app::{AppSubject, IntegrationApp, IntegrationAppEvent};
use crate::refused_attempts::{RefusedAttempts, RefusedAttemptsEvent};
use crate::system::{System, SystemEvent};
use crate::timeline_views::{TimelineViews, TimelineViewsEvent};
use crate::usage::{Usage, UsageEvent};
use crate::user_account::{UserAccount, UserAccountEvent};

const V1: &str = include_str!("../golden/v1.ndjson");

/// An event as it was stored once.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    aggregate_type: String,
    event_type: String,
    event_version: String,
    payload: Box<RawValue>,
}

fn every_line() -> Vec<Stored> {
    V1.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn lines_of(aggregate_type: &'static str) -> Vec<Stored> {
    let mut lines = every_line();
    lines.retain(|stored| stored.aggregate_type == aggregate_type);
    lines
}

/// Runs `check` once for each aggregate, with its type and its lines.
macro_rules! for_each_aggregate {
    ($check:ident) => {
        $check::<IntegrationAppEvent>(lines_of(IntegrationApp::TYPE));
        $check::<AccessTokenEvent>(lines_of(AccessToken::TYPE));
        $check::<GroupEvent>(lines_of(Group::TYPE));
        $check::<DeveloperEvent>(lines_of(Developer::TYPE));
        $check::<UserAccountEvent>(lines_of(UserAccount::TYPE));
        $check::<SystemEvent>(lines_of(System::TYPE));
        $check::<RefusedAttemptsEvent>(lines_of(RefusedAttempts::TYPE));
        $check::<TimelineViewsEvent>(lines_of(TimelineViews::TYPE));
        $check::<UsageEvent>(lines_of(Usage::TYPE));
    };
}

#[test]
fn every_stored_event_decodes_and_encodes_to_the_same_bytes() {
    fn check<E: DomainEvent>(lines: Vec<Stored>) {
        for stored in lines {
            let bytes = stored.payload.get();
            let event: E = serde_json::from_str(bytes).unwrap();
            assert_eq!(serde_json::to_string(&event).unwrap(), bytes);
            assert_eq!(event.event_type(), stored.event_type);
            assert_eq!(event.event_version(), stored.event_version);
        }
    }
    for_each_aggregate!(check);
}

#[test]
fn r28_the_events_that_are_about_looking_are_those_that_move_no_version() {
    fn check<E: DomainEvent>(lines: Vec<Stored>, names: &[&str], is_about_looking: fn(&E) -> bool) {
        for stored in lines {
            let event: E = serde_json::from_str(stored.payload.get()).unwrap();
            let name = event.event_type();
            assert_eq!(names.contains(&name.as_str()), is_about_looking(&event), "{name}");
        }
    }
    check(
        lines_of(IntegrationApp::TYPE),
        IntegrationAppEvent::AUDITED_READS,
        |event: &IntegrationAppEvent| matches!(event.subject(), AppSubject::AuditedRead(_)),
    );
    check(
        lines_of(Group::TYPE),
        GroupEvent::AUDITED_READS,
        |event: &GroupEvent| matches!(event.subject(), GroupSubject::AuditedRead),
    );
}

#[test]
fn every_event_type_of_every_aggregate_has_a_golden_line() {
    fn check<E: VariantNames>(lines: Vec<Stored>) {
        let golden: BTreeSet<_> = lines.iter().map(|line| line.event_type.as_str()).collect();
        let variants: BTreeSet<_> = E::VARIANTS.iter().copied().collect();
        assert_eq!(golden, variants);
    }
    for_each_aggregate!(check);
    let known = [
        IntegrationApp::TYPE,
        AccessToken::TYPE,
        Group::TYPE,
        Developer::TYPE,
        UserAccount::TYPE,
        System::TYPE,
        RefusedAttempts::TYPE,
        TimelineViews::TYPE,
        Usage::TYPE,
    ];
    for stored in every_line() {
        assert!(known.contains(&stored.aggregate_type.as_str()));
    }
}

#[test]
fn an_unknown_field_is_refused_wherever_it_stands() {
    fn check<E: DeserializeOwned>(lines: Vec<Stored>) {
        for stored in lines {
            let payload: Value = serde_json::from_str(stored.payload.get()).unwrap();
            let strangers = with_one_more_field(&payload);
            assert!(!strangers.is_empty());
            for stranger in strangers {
                let decoded = serde_json::from_value::<E>(stranger.clone());
                assert!(decoded.is_err(), "{stranger} was decoded");
            }
        }
    }
    for_each_aggregate!(check);
}

#[test]
fn a_missing_field_is_refused_unless_it_may_be_null() {
    fn check<E: DeserializeOwned>(lines: Vec<Stored>) {
        let may_be_null = ["reason", "from", "to", "previous"];
        // Came later, was left out later, or is not known of all: some lines do not have it.
        let may_be_missing = [
            ("LogInsRefused", "user_id"),
            ("LogInsRefused", "developer_id"),
            ("LogInsRefused", "token_id"),
            ("RequestsForbidden", "app_id"),
            ("LogInsRefused", "other_accounts"),
            ("RequestsForbidden", "app_name"),
            ("RequestsForbidden", "other_accounts"),
            ("UnusableOneTimePasswordsRefused", "app_id"),
            ("UnusableOneTimePasswordsRefused", "app_name"),
            ("GuessesRefused", "app_id"),
            ("GuessesRefused", "app_name"),
            ("EntitiesChanged", "none_left"),
        ];
        for stored in lines {
            let payload: Value = serde_json::from_str(stored.payload.get()).unwrap();
            let fields = payload[&stored.event_type].as_object().unwrap();
            let event = stored.event_type.as_str();
            let needed = |key: &&String| {
                !may_be_null.contains(&key.as_str()) && !may_be_missing.contains(&(event, key.as_str()))
            };
            for missing in fields.keys().filter(needed) {
                let mut fields = fields.clone();
                fields.remove(missing);
                let decoded = serde_json::from_value::<E>(json!({ stored.event_type.clone(): fields }));
                assert!(decoded.is_err(), "{} without {missing}", stored.event_type);
            }
        }
    }
    for_each_aggregate!(check);
}

#[test]
fn an_unknown_event_is_refused_and_so_is_one_of_another_aggregate() {
    fn check<E: DeserializeOwned + VariantNames>(_: Vec<Stored>) {
        assert!(serde_json::from_str::<E>(r#"{"SomethingElseHappened":{}}"#).is_err());
        assert!(serde_json::from_str::<E>(r#""SomethingElseHappened""#).is_err());
        assert!(serde_json::from_str::<E>("{}").is_err());
        for stored in every_line() {
            let own = E::VARIANTS.contains(&stored.event_type.as_str());
            let decoded = serde_json::from_str::<E>(stored.payload.get());
            assert_eq!(decoded.is_ok(), own, "{}", stored.event_type);
        }
    }
    for_each_aggregate!(check);
}

#[test]
fn an_unknown_word_or_an_impossible_time_is_refused() {
    for payload in [
        r#"{"UnusableOneTimePasswordTried":{"because":"bored"}}"#,
        r#"{"ActivityLogDownloaded":{"format":"xlsx","from":null,"to":null}}"#,
        r#"{"ActivityLogDownloaded":{"format":"csv","from":"yesterday","to":null}}"#,
        r#"{"VerificationCodeMistyped":{"attempts_left":-1}}"#,
    ] {
        let decoded = serde_json::from_str::<IntegrationAppEvent>(payload);
        assert!(decoded.is_err(), "{payload} was decoded");
    }
    let granted = r#"{"PermissionGranted":{"user_id":"otto","permission":"fly"}}"#;
    assert!(serde_json::from_str::<GroupEvent>(granted).is_err());
}

/// The value once for each object in it, with a field there that nobody knows.
fn with_one_more_field(value: &Value) -> Vec<Value> {
    let Value::Object(fields) = value else {
        return Vec::new();
    };
    let with = |key: &str, value: Value| {
        let mut fields: Map<_, _> = fields.clone();
        fields.insert(key.to_owned(), value);
        Value::Object(fields)
    };
    let here = with("surprise", json!("!"));
    let deeper = fields.iter().flat_map(|(key, value)| {
        let changed = with_one_more_field(value);
        changed.into_iter().map(|value| with(key, value)).collect::<Vec<_>>()
    });
    deeper.chain([here]).collect()
}
