//! Which days the figures of a rehearsal cover.

use gatebook_aggregates::timestamp::Timestamp;

use crate::usage::{Day, FirstDays};

/// How many days are looked at, today included.
pub const REHEARSED_DAYS: i64 = 90;

/// The days that figures cover: as many as are recorded, [`REHEARSED_DAYS`] at most. Today is the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsageWindow {
    /// The first day.
    pub first: Day,
    /// How many days, at least one.
    pub days: u64,
    /// Until when calls were counted.
    pub until: Timestamp,
}

impl UsageWindow {
    /// The first of the days that are looked at.
    pub(super) fn looked_at(now: Timestamp) -> Day {
        Day::of(now).plus(1 - REHEARSED_DAYS)
    }

    /// The days that are covered: of what was created at this moment, if it is one application. What was counted before, as
    /// after an import, counts.
    pub(super) fn of(now: Timestamp, created_at: Option<Timestamp>, first: FirstDays) -> Self {
        let (today, earliest) = (Day::of(now), Self::looked_at(now));
        let counting_since = first.of_all.unwrap_or(today);
        let exists_since = created_at.map_or(counting_since, Day::of);
        let recorded = counting_since.max(exists_since);
        let recorded = first.of_app.map_or(recorded, |of_app| recorded.min(of_app));
        let first = recorded.clamp(earliest, today);
        Self {
            first,
            days: first.days_until(today) + 1,
            until: now,
        }
    }

    /// Whether the figures cover all days that are looked at.
    pub fn is_whole(&self) -> bool {
        self.days == REHEARSED_DAYS.unsigned_abs()
    }

    /// So many calls, a day; rounded.
    pub fn a_day(&self, calls: u64) -> u64 {
        (calls + self.days / 2) / self.days
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(created: &str, of_app: Option<&str>, of_all: Option<&str>) -> (String, u64) {
        let at = |text: &str| Timestamp::parse(&format!("{text}T09:00:00Z")).unwrap();
        let day = |text: Option<&str>| text.and_then(Day::parse);
        let first = FirstDays {
            of_app: day(of_app),
            of_all: day(of_all),
        };
        let window = UsageWindow::of(at("2026-11-23"), Some(at(created)), first);
        (window.first.text(), window.days)
    }

    #[test]
    fn the_figures_cover_as_many_days_as_are_recorded_and_ninety_at_most() {
        let (old, first) = ("2026-01-01", Some("2026-05-01"));
        let whole = ("2026-08-26".to_owned(), 90);
        assert_eq!(window(old, first, first), whole);
        assert_eq!(window(old, None, first), whole);
        // Younger than the window; counted for less long; not counted at all yet.
        assert_eq!(window("2026-11-20", None, first), ("2026-11-20".to_owned(), 4));
        assert_eq!(window(old, None, Some("2026-11-22")), ("2026-11-22".to_owned(), 2));
        assert_eq!(window(old, None, None), ("2026-11-23".to_owned(), 1));
        // Counted before it was created here.
        let imported = Some("2026-11-01");
        assert_eq!(window("2026-11-20", imported, imported), ("2026-11-01".to_owned(), 23));
    }

    #[test]
    fn calls_a_day_are_rounded() {
        let now = Timestamp::parse("2026-11-23T09:00:00Z").unwrap();
        let window = UsageWindow::of(
            now,
            None,
            FirstDays {
                of_app: None,
                of_all: Day::parse("2026-11-20"),
            },
        );
        assert_eq!(
            [0, 1, 2, 6, 4_000].map(|calls| window.a_day(calls)),
            [0, 0, 1, 2, 1_000]
        );
    }
}
