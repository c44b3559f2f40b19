//! What is written at once: the counts of all parts of the memory, each row once and in the order of its key.

use std::collections::BTreeMap;

use gatebook_aggregates::identifiers::{AppId, ClientSecretId, GroupId};
use gatebook_aggregates::timestamp::Timestamp;

use super::counter::Checks;
use super::hour::{Day, Hour};
use super::refusals::Newest;
use super::{DAY_CLOSES_AFTER, Refusal};

/// How many refusals wait to be written at most, of all applications together: while the database is away, those of other
/// applications are counted, and not shown.
const REFUSALS_MAX: usize = 10_000;

/// Counts that are to be written.
#[derive(Default)]
pub struct Batch {
    pub(super) groups: BTreeMap<AppId, GroupId>,
    pub(super) hours: BTreeMap<(AppId, Hour, &'static str), u64>,
    pub(super) checks: BTreeMap<ChecksOf, Sum>,
    pub(super) last_used: BTreeMap<AppId, Timestamp>,
    pub(super) refusals: BTreeMap<AppId, Newest>,
}

/// In the order of the table's key, so that nodes that write at the same time wait for each other instead of both for ever.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ChecksOf {
    pub(super) app_id: AppId,
    pub(super) day: Day,
    pub(super) entity: Box<str>,
    /// Empty if none was named.
    pub(super) access: &'static str,
    pub(super) client_secret_id: Option<ClientSecretId>,
}

/// Checks that were allowed and refused, and the last time.
#[derive(Clone, Copy)]
pub(super) struct Sum {
    pub(super) allowed: u64,
    pub(super) refused: u64,
    pub(super) last_at: Timestamp,
}

impl Batch {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    pub(super) fn add(&mut self, app_id: AppId, hour: Hour, what: &'static str, count: u64) {
        *self.hours.entry((app_id, hour, what)).or_default() += count;
    }

    pub(super) fn add_checks(&mut self, app_id: AppId, entity: &str, checks: &Checks) {
        let of = ChecksOf {
            app_id,
            day: checks.kind.day,
            entity: entity.into(),
            access: checks.kind.access.map(<&str>::from).unwrap_or_default(),
            client_secret_id: checks.kind.client_secret_id,
        };
        let sum = Sum {
            allowed: checks.allowed,
            refused: checks.refused,
            last_at: checks.last_at,
        };
        self.add_sum(of, sum);
    }

    fn add_sum(&mut self, of: ChecksOf, sum: Sum) {
        let kept = self.checks.entry(of).or_insert(Sum {
            allowed: 0,
            refused: 0,
            ..sum
        });
        kept.allowed += sum.allowed;
        kept.refused += sum.refused;
        kept.last_at = kept.last_at.max(sum.last_at);
    }

    pub(super) fn used(&mut self, app_id: AppId, at: Timestamp) {
        let last = self.last_used.entry(app_id).or_insert(at);
        *last = at.max(*last);
    }

    pub(super) fn add_refusals(&mut self, app_id: AppId, newest: Newest) {
        let waiting: usize = self.refusals.values().map(|Newest(refusals)| refusals.len()).sum();
        if newest.0.is_empty() || (waiting >= REFUSALS_MAX && !self.refusals.contains_key(&app_id)) {
            return;
        }
        self.refusals.entry(app_id).or_default().merge(newest);
    }

    /// Moves what was counted on days that are closed by now to the present hour.
    pub(super) fn leave_closed_days(&mut self, now: Timestamp) {
        let is_closed = |day: Day| day.ends().plus(DAY_CLOSES_AFTER) <= now;
        let (hour, day) = (Hour::of(now), Day::of(now));
        for ((app_id, of, what), count) in std::mem::take(&mut self.hours) {
            let of = if is_closed(of.day()) { hour } else { of };
            self.add(app_id, of, what, count);
        }
        for (mut of, sum) in std::mem::take(&mut self.checks) {
            if is_closed(of.day) {
                of.day = day;
            }
            self.add_sum(of, sum);
        }
    }

    /// The days and groups that something was counted for.
    pub(super) fn days(&self) -> std::collections::BTreeSet<(Day, &GroupId)> {
        let counted = self.hours.keys();
        counted
            .filter_map(|(app_id, hour, _)| Some((hour.day(), self.groups.get(app_id)?)))
            .collect()
    }

    /// The counts by day.
    pub(super) fn by_day(&self) -> BTreeMap<(AppId, Day, &'static str), u64> {
        let mut days = BTreeMap::new();
        for ((app_id, hour, what), count) in &self.hours {
            *days.entry((*app_id, hour.day(), *what)).or_default() += count;
        }
        days
    }

    /// The refusals, by application.
    pub(super) fn refusals(&self) -> impl Iterator<Item = (AppId, &Refusal)> {
        let apps = self.refusals.iter();
        apps.flat_map(|(app_id, Newest(refusals))| refusals.iter().map(|refusal| (*app_id, refusal)))
    }
}
