//! Whether a stream is whole: its numbers, its hash chain, and that every event of it can be read.

use cqrs_es::Aggregate;
use gatebook_aggregates::developer::Developer;
use gatebook_aggregates::group::Group;
use gatebook_aggregates::integration_app::IntegrationApp;
use gatebook_aggregates::refused_attempts::RefusedAttempts;
use gatebook_aggregates::system::System;
use gatebook_aggregates::timeline_views::TimelineViews;
use gatebook_aggregates::user_account::UserAccount;
use gatebook_projections::recorded::{StoredEvent, UnreadableEvent};
use gatebook_projections::sql::Value;

use super::difference::{Difference, VerifyReport};
use crate::log::hash_chain::{EventParts, NO_PREDECESSOR, hash_of};

/// Checks one whole stream; says whether all of it can be read.
pub(super) fn check(stream: &[StoredEvent], report: &mut VerifyReport) -> bool {
    let Some(first) = stream.first() else {
        return true;
    };
    let read = reader(&first.aggregate_type);
    if read.is_none() {
        let known = "a kind of stream that this program knows";
        let found = first.aggregate_type.as_str();
        report.add(of_event(first, "aggregate_type", known, found));
    }
    let mut readable = true;
    let (mut previous_hash, mut sequence, mut position) = (NO_PREDECESSOR, 1, 0);
    for event in stream {
        check_place(event, sequence, position, report);
        if event.previous_hash != previous_hash {
            let found = event.previous_hash.as_str();
            report.add(of_event(event, "previous_hash", previous_hash, found));
        }
        let problem = check_content(event, read, report).err();
        readable &= problem.is_none();
        if let Some(unreadable) = problem {
            let found = unreadable.problem.as_str();
            report.add(of_event(event, "payload", "an event of its type", found));
        }
        (previous_hash, sequence, position) = (&event.hash, event.sequence + 1, event.position);
    }
    readable
}

/// A finding about an event.
pub(super) fn of_event(
    event: &StoredEvent,
    column: &str,
    expected: impl Into<Value>,
    found: impl Into<Value>,
) -> Difference {
    Difference {
        table: "events".to_owned(),
        key: format!(
            "{} {} number {}",
            event.aggregate_type, event.aggregate_id, event.sequence
        ),
        column: column.to_owned(),
        expected: expected.into(),
        found: found.into(),
        position: Some(event.position),
    }
}

fn check_place(event: &StoredEvent, sequence: i64, after: i64, report: &mut VerifyReport) {
    if event.sequence != sequence {
        report.add(of_event(event, "sequence", sequence, event.sequence));
    }
    if event.position <= after {
        let expected = format!("more than {after}");
        report.add(of_event(event, "position", expected, event.position));
    }
}

fn check_content(event: &StoredEvent, read: Option<Reader>, report: &mut VerifyReport) -> Result<(), UnreadableEvent> {
    let hash = hash_of(event, &EventParts::of(event)?);
    if event.hash != hash {
        report.add(of_event(event, "hash", hash, event.hash.as_str()));
    }
    read.map_or(Ok(()), |read| read(event))
}

type Reader = fn(&StoredEvent) -> Result<(), UnreadableEvent>;

/// Reads the events of a kind of stream, to see whether they can be read.
fn reader(aggregate_type: &str) -> Option<Reader> {
    match aggregate_type {
        IntegrationApp::TYPE => Some(|event| event.read::<IntegrationApp>().map(drop)),
        Group::TYPE => Some(|event| event.read::<Group>().map(drop)),
        Developer::TYPE => Some(|event| event.read::<Developer>().map(drop)),
        UserAccount::TYPE => Some(|event| event.read::<UserAccount>().map(drop)),
        System::TYPE => Some(|event| event.read::<System>().map(drop)),
        RefusedAttempts::TYPE => Some(|event| event.read::<RefusedAttempts>().map(drop)),
        TimelineViews::TYPE => Some(|event| event.read::<TimelineViews>().map(drop)),
        _ => None,
    }
}
