//! Checks whether a stream is intact: its numbers, its hash chain, and that every event can be read.

use gatebook_projections::recorded::{StoredEvent, UnreadableEvent};
use gatebook_projections::sql::Value;

use super::difference::{Difference, Quarantined, VerifyReport};
use crate::log::hash_chain::{EventParts, NO_PREDECESSOR, hash_of};
use crate::log::quarantine::Quarantine;
use crate::log::readable;

/// Checks one whole stream. `is_read` tells that its events have been read. Returns whether all of them, except quarantined
/// ones, can be read.
pub(super) fn check(stream: &[StoredEvent], is_read: bool, quarantine: &Quarantine, report: &mut VerifyReport) -> bool {
    let mut readable = true;
    let mut previous = None;
    for event in stream {
        let parts = EventParts::of(event);
        check_link(event, parts.as_ref().ok(), previous, report);
        let content = match parts {
            Ok(_) if is_read => Ok(()),
            parts => parts.and_then(|_| readable::check(event)),
        };
        readable &= content.map_or_else(|problem| is_passed_over(event, problem, quarantine, report), |()| true);
        previous = Some(event);
    }
    readable
}

/// The first contradiction in a stream's numbers or hashes, if there is one.
pub(super) fn first_break(stream: &[StoredEvent]) -> Option<Difference> {
    let mut report = VerifyReport::default();
    let mut previous = None;
    for event in stream {
        check_link(event, EventParts::of(event).ok().as_ref(), previous, &mut report);
        if !report.all_equal() {
            break;
        }
        previous = Some(event);
    }
    report.differences.into_iter().next()
}

/// Checks that the event follows its predecessor and has the right hash.
fn check_link(
    event: &StoredEvent,
    parts: Option<&EventParts>,
    previous: Option<&StoredEvent>,
    report: &mut VerifyReport,
) {
    let (hash, sequence, position) = match previous {
        Some(previous) => (previous.hash.as_str(), previous.sequence + 1, previous.position),
        None => (NO_PREDECESSOR, 1, 0),
    };
    check_place(event, sequence, position, report);
    if event.previous_hash != hash {
        report.add(of_event(event, "previous_hash", hash, event.previous_hash.as_str()));
    }
    check_hash(event, parts, report);
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

/// An event that is not compact JSON has no hash to compare. The check of its content reports it.
fn check_hash(event: &StoredEvent, parts: Option<&EventParts>, report: &mut VerifyReport) {
    let hash = parts.map(|parts| hash_of(event, parts));
    if let Some(hash) = hash.filter(|hash| *hash != event.hash) {
        report.add(of_event(event, "hash", hash, event.hash.as_str()));
    }
}

/// Whether an event that cannot be read is quarantined. Either is reported.
fn is_passed_over(
    event: &StoredEvent,
    unreadable: UnreadableEvent,
    quarantine: &Quarantine,
    report: &mut VerifyReport,
) -> bool {
    if quarantine.passes_over(event) {
        let reason = quarantine.reason(event).unwrap_or_default().to_owned();
        report.pass_over(Quarantined {
            event: unreadable,
            reason,
        });
        return true;
    }
    let known = format!(
        "an event {} version {} that this program knows",
        event.event_type, event.event_version
    );
    report.add(of_event(event, "payload", known, unreadable.problem.as_str()));
    false
}
