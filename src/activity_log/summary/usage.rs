//! The summary of a day's usage: of all applications of the group, or in an application's own log of that one.

use cqrs_es::Aggregate;
use gatebook_aggregates::identifiers::AppId;
use gatebook_aggregates::usage::{Usage, UsageEvent as Event, UsedApplication};
use gatebook_projections::recorded::StoredEvent;

use super::actor;
use crate::numbers::grouped;
use crate::usage::Day;

/// The sentence about an event, without the name at its beginning.
pub(super) fn described(event: &Event) -> String {
    let Event::UsageRecorded { day, applications, .. } = event;
    let allowed = applications.iter().map(|used| used.allowed).sum();
    let refused = applications.iter().map(UsedApplication::refused_in_all).sum();
    let of = match applications.len() {
        1 => "1 application".to_owned(),
        n => format!("{} applications", grouped(n as u64)),
    };
    format!("counted {} of {of} on {}.", calls(allowed, refused), spoken(day))
}

/// The same of one application, if the event speaks of it.
pub(in crate::activity_log) fn described_for(stored: &StoredEvent, app_id: AppId) -> Option<String> {
    if stored.aggregate_type != Usage::TYPE {
        return None;
    }
    let recorded = stored.read::<Usage>().ok()?;
    let used = recorded.event.of_app(app_id)?;
    let Event::UsageRecorded { day, .. } = &recorded.event;
    let calls = calls(used.allowed, used.refused_in_all());
    Some(format!(
        "{} counted {calls} on {}.",
        actor(&recorded.metadata),
        spoken(day)
    ))
}

fn calls(allowed: u64, refused: u64) -> String {
    let calls = if allowed == 1 { "call" } else { "calls" };
    format!("{} {calls} allowed and {} refused", grouped(allowed), grouped(refused))
}

fn spoken(day: &str) -> String {
    match Day::parse(day) {
        Some(day) => format!("{} (UTC)", day.for_people()),
        None => day.to_owned(),
    }
}
