//! Tests what is kept in memory, and that it is bounded.

use std::thread;

use chrono::TimeDelta;
use uuid::Uuid;

use super::*;
use crate::usage::{ALLOWED, REFUSALS_KEPT};

fn at(time: &str) -> Timestamp {
    Timestamp::parse(time).unwrap()
}

fn app(number: u128) -> AppId {
    Uuid::from_u128(number).into()
}

fn acme() -> GroupId {
    GroupId::parse("acme").unwrap()
}

fn check<'a>(group_id: &'a GroupId, entity: Option<&'a str>, verdict: Verdict) -> CheckCounted<'a> {
    CheckCounted {
        app_id: app(1),
        group_id,
        entity,
        access: Some(Access::Read),
        client_secret_id: Some(Uuid::from_u128(7).into()),
        verdict,
        at: at("2026-11-23T09:00:00Z"),
        count: 1,
    }
}

fn refusal(number: usize) -> Refusal {
    let time = at("2026-11-23T09:00:00Z").plus(TimeDelta::milliseconds(number as i64));
    Refusal {
        id: format!("{time}/{number}"),
        at: time,
        reason: "entity_not_assigned".to_owned(),
        entity_id: "e3".to_owned(),
        access: "read".to_owned(),
        secret_prefix: String::new(),
        request_id: number.to_string(),
        gateway: String::new(),
    }
}

fn taken(counter: &UsageCounter) -> Batch {
    let mut batch = Batch::default();
    counter.take_into(&mut batch);
    batch
}

#[test]
fn checks_of_many_threads_are_added() {
    let (counter, group) = (UsageCounter::default(), acme());
    thread::scope(|scope| {
        for _ in 0..40 {
            scope.spawn(|| {
                for _ in 0..100 {
                    counter.checked(&check(&group, Some("e1"), Verdict::Ok));
                }
                counter.checked(&check(&group, None, Verdict::EntityMissing));
            });
        }
    });
    let batch = taken(&counter);
    let hour = Hour::of(at("2026-11-23T09:00:00Z"));
    assert_eq!(batch.hours[&(app(1), hour, ALLOWED)], 4_000);
    assert_eq!(batch.hours[&(app(1), hour, "entity_missing")], 40);
    let sums: Vec<_> = batch.checks.values().map(|sum| (sum.allowed, sum.refused)).collect();
    assert_eq!(sums, [(0, 40), (4_000, 0)]);
    assert!(taken(&counter).is_empty(), "it was taken out");
}

#[test]
fn each_hour_day_and_kind_is_counted_apart() {
    let (counter, group) = (UsageCounter::default(), acme());
    for time in [
        "2026-11-23T22:59:59.999Z",
        "2026-11-23T23:00:00Z",
        "2026-11-24T00:00:00Z",
    ] {
        let at = at(time);
        let checked = check(&group, Some("e1"), Verdict::Ok);
        counter.checked(&CheckCounted { at, ..checked });
        let access = Some(Access::Write);
        counter.checked(&CheckCounted { at, access, ..checked });
    }
    let batch = taken(&counter);
    assert_eq!(batch.hours.values().copied().collect::<Vec<_>>(), [2, 2, 2]);
    let sums: Vec<_> = batch.checks.values().map(|sum| sum.allowed).collect();
    assert_eq!(sums, [2, 2, 1, 1]);
    assert_eq!(batch.last_used[&app(1)], at("2026-11-24T00:00:00Z"));
}

#[test]
fn of_a_flood_of_refusals_the_newest_hundred_of_an_application_are_kept() {
    let (counter, group) = (UsageCounter::default(), acme());
    for number in 0..5_000 {
        counter.refused(app(1), &group, refusal(number));
    }
    let batch = taken(&counter);
    let kept: Vec<_> = batch
        .refusals()
        .map(|(_, refusal)| refusal.request_id.clone())
        .collect();
    let newest: Vec<_> = (4_900..5_000).map(|number: usize| number.to_string()).collect();
    assert_eq!(kept, newest);
}

#[test]
fn refusals_of_many_applications_are_bounded_together() {
    let (counter, group) = (UsageCounter::default(), acme());
    let mut waiting = Batch::default();
    for round in 0..20 {
        for number in 0..2_000 {
            counter.refused(app(round * 10_000 + number), &group, refusal(0));
        }
        counter.take_into(&mut waiting);
    }
    assert_eq!(waiting.refusals().count(), 10_000, "while the database is away");
    assert!(
        waiting
            .refusals
            .values()
            .all(|Newest(kept)| kept.len() <= REFUSALS_KEPT)
    );
    for number in 0..2_000 {
        counter.refused(app(number), &group, refusal(0));
    }
    assert_eq!(
        taken(&counter).refusals().count(),
        REFUSALS_PER_PART_MAX,
        "of one thread"
    );
}

#[test]
fn what_waited_until_its_day_was_closed_counts_for_the_day_on_which_it_is_written() {
    let (counter, group) = (UsageCounter::default(), acme());
    let checked = check(&group, Some("e1"), Verdict::Ok);
    counter.checked(&checked);
    let later = at("2026-11-24T00:03:00Z");
    counter.checked(&CheckCounted { at: later, ..checked });
    let mut batch = taken(&counter);
    batch.leave_closed_days(at("2026-11-24T00:04:59.999Z"));
    assert_eq!(batch.hours.len(), 2);
    batch.leave_closed_days(at("2026-11-24T00:05:00Z"));
    let hours: Vec<_> = batch
        .hours
        .iter()
        .map(|((_, hour, _), count)| (hour.begins(), *count))
        .collect();
    assert_eq!(hours, [(at("2026-11-24T00:00:00Z"), 2)]);
    let days: Vec<_> = batch
        .checks
        .iter()
        .map(|(of, sum)| (of.day.text(), sum.allowed))
        .collect();
    assert_eq!(days, [("2026-11-24".to_owned(), 2)]);
}
