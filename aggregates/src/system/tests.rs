//! Given events, when a command, then events.

use cqrs_es::test::TestFramework;

use super::*;
use crate::log_format::LogFormat;

fn at(time: &str) -> Timestamp {
    Timestamp::parse(&format!("2026-11-23T{time}Z")).unwrap()
}

fn ended(issued_before: &str) -> SystemEvent {
    SystemEvent::TokensEnded {
        issued_before: at(issued_before),
    }
}

fn end(issued_before: &str, now: &str) -> SystemCommand {
    SystemCommand::EndTokens {
        issued_before: at(issued_before),
        now: at(now),
    }
}

#[test]
fn tokens_issued_before_a_moment_of_the_past_or_the_present_are_ended() {
    for now in ["09:00:00", "10:00:00"] {
        TestFramework::<System>::with(())
            .given_no_previous_events()
            .when(end("09:00:00", now))
            .then_expect_events(vec![ended("09:00:00")]);
    }
}

#[test]
fn what_has_ended_already_is_not_ended_once_more() {
    for again in ["09:00:00", "08:59:59.999"] {
        TestFramework::<System>::with(())
            .given(vec![ended("09:00:00")])
            .when(end(again, "10:00:00"))
            .then_expect_events(vec![]);
    }
    // Also not within the second of the end.
    TestFramework::<System>::with(())
        .given(vec![ended("09:00:00.300")])
        .when(end("08:00:00", "09:00:00.500"))
        .then_expect_events(vec![]);
}

#[test]
fn a_later_moment_ends_the_tokens_issued_since() {
    TestFramework::<System>::with(())
        .given(vec![ended("09:00:00")])
        .when(end("09:00:00.001", "10:00:00"))
        .then_expect_events(vec![ended("09:00:00.001")]);
}

#[test]
fn a_token_that_is_issued_in_the_second_in_which_others_ended_is_not_one_of_them() {
    for (now, ended, second) in [
        ("09:00:00.500", None, "09:00:00"),
        ("09:00:00.500", Some("09:00:00.300"), "09:00:01"),
        ("09:00:00.500", Some("09:00:00"), "09:00:00"),
        ("09:00:01", Some("09:00:00.300"), "09:00:01"),
        // This node's clock is behind that of whoever ended them.
        ("08:59:40", Some("09:00:00.300"), "09:00:01"),
    ] {
        let issued_at = issued_at(at(now), ended.map(at));
        assert_eq!(issued_at, at(second), "{now} {ended:?}");
        assert!(ended.is_none_or(|ended| issued_at >= at(ended)));
    }
}

#[test]
fn tokens_that_were_issued_since_are_ended_within_the_same_second_too() {
    let (first, second) = (at("09:00:00.300"), at("09:00:00.900"));
    let between = issued_at(at("09:00:00.500"), Some(first));
    let mut system = System::default();
    system.apply(SystemEvent::TokensEnded { issued_before: first });
    let (issued_before, now) = (second, second);
    let events = system.decide(SystemCommand::EndTokens { issued_before, now }).unwrap();
    assert_eq!(events, [ended("09:00:01.001")]);
    assert!(between < at("09:00:01.001"));
}

#[test]
fn however_often_all_tokens_are_ended_within_a_second_those_issued_in_between_are_ended_too() {
    let mut system = System::default();
    let now = at("09:00:00.300");
    for _ in 0..5 {
        let between = issued_at(now, system.tokens_ended_before);
        let issued_before = now;
        let events = system.decide(SystemCommand::EndTokens { issued_before, now }).unwrap();
        events.into_iter().for_each(|event| system.apply(event));
        assert!(
            system.tokens_ended_before.is_some_and(|ended| between < ended),
            "{between:?}"
        );
    }
}

#[test]
fn tokens_that_are_not_issued_yet_cannot_be_ended() {
    let decided = System::default().decide(end("09:00:00.001", "09:00:00"));
    let Err(Refusal::Invalid(problems)) = decided else {
        unreachable!("{decided:?}")
    };
    assert_eq!(
        (problems[0].field.as_str(), problems[0].code),
        ("issued_before", "invalid_issued_before")
    );
    assert!(
        problems[0].message.contains("2026-11-23T09:00:00.000Z"),
        "{}",
        problems[0].message
    );
}

#[test]
fn r28_a_download_of_the_log_is_recorded_and_ends_no_token() {
    let (format, from, to) = (LogFormat::Ndjson, None, Some(at("09:00:00")));
    TestFramework::<System>::with(())
        .given(vec![ended("09:00:00")])
        .when(SystemCommand::RecordLogDownload { format, from, to })
        .then_expect_events(vec![SystemEvent::SystemLogDownloaded { format, from, to }]);
    let mut system = System::default();
    system.apply(ended("09:00:00"));
    system.apply(SystemEvent::SystemLogDownloaded { format, from, to });
    assert_eq!(system.tokens_ended_before, Some(at("09:00:00")));
}

fn unreadable(position: i64) -> NamedEvent {
    NamedEvent {
        position,
        aggregate_type: "IntegrationApp".to_owned(),
        aggregate_id: "a".to_owned(),
        sequence: 3,
        event_type: "Dreamt".to_owned(),
        event_version: "1".to_owned(),
        hash: "ab".repeat(32),
    }
}

fn quarantine(position: i64) -> SystemCommand {
    SystemCommand::QuarantineEvent {
        event: unreadable(position),
        reason: Reason::parse("A newer program wrote it.").unwrap().unwrap(),
    }
}

#[test]
fn an_event_is_quarantined_once_with_everything_that_names_it() {
    let mut system = System::default();
    let events = system.decide(quarantine(41)).unwrap();
    let [
        SystemEvent::EventQuarantined {
            position,
            event_type,
            hash,
            reason,
            ..
        },
    ] = &events[..]
    else {
        unreachable!("{events:?}")
    };
    assert_eq!((*position, event_type.as_str(), hash.len()), (41, "Dreamt", 64));
    assert_eq!(reason.as_str(), "A newer program wrote it.");
    events.into_iter().for_each(|event| system.apply(event));
    let Err(Refusal::Invalid(problems)) = system.decide(quarantine(41)) else {
        unreachable!("it was quarantined twice")
    };
    assert_eq!(problems[0].code, "already_quarantined");
    assert!(system.decide(quarantine(42)).is_ok());
}
