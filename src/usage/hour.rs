//! Hours and days as numbers, which cost nothing to count by, and as tables write them. All in UTC.

use chrono::TimeDelta;
use gatebook_aggregates::timestamp::Timestamp;

const MILLIS: i64 = 60 * 60 * 1_000;

/// An hour, counted since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hour(i64);

/// A day, counted since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i64);

impl Hour {
    /// The hour of a moment.
    pub fn of(at: Timestamp) -> Self {
        Self(at.millis() / MILLIS)
    }

    /// When it begins.
    pub fn begins(self) -> Timestamp {
        beginning(self.0)
    }

    /// Its day.
    pub fn day(self) -> Day {
        Day(self.0 / 24)
    }
}

impl Day {
    /// The day of a moment.
    pub fn of(at: Timestamp) -> Self {
        Hour::of(at).day()
    }

    /// The day that a table names.
    pub fn parse(text: &str) -> Option<Self> {
        Timestamp::parse(&format!("{text}T00:00:00Z")).map(Self::of)
    }

    /// When it begins.
    pub fn begins(self) -> Timestamp {
        beginning(self.0 * 24)
    }

    /// When it is over.
    pub fn ends(self) -> Timestamp {
        self.plus(1).begins()
    }

    /// So many days later.
    pub fn plus(self, days: i64) -> Self {
        Self(self.0 + days)
    }

    /// How many days later another one is; 0 if it is not later.
    pub fn days_until(self, later: Self) -> u64 {
        u64::try_from(later.0 - self.0).unwrap_or_default()
    }

    /// As tables write it: `2026-11-23`.
    pub fn text(self) -> String {
        self.begins().to_utc().format("%Y-%m-%d").to_string()
    }

    /// For people: `23 November 2026`.
    pub fn for_people(self) -> String {
        self.begins().to_utc().format("%-d %B %Y").to_string()
    }

    /// For a chart: `23 Nov`.
    pub fn short(self) -> String {
        self.begins().to_utc().format("%-d %b").to_string()
    }
}

fn beginning(hour: i64) -> Timestamp {
    Timestamp::new(chrono::DateTime::UNIX_EPOCH).plus(TimeDelta::hours(hour))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_at_midnight_utc() {
        let at = |text: &str| Timestamp::parse(text).unwrap();
        let (last, first) = (at("2026-11-23T23:59:59.999Z"), at("2026-11-24T00:00:00.000Z"));
        assert_eq!(Day::of(last).text(), "2026-11-23");
        assert_eq!(Day::of(first), Day::of(last).plus(1));
        assert_eq!(Day::of(last).ends(), first);
        assert_eq!(Hour::of(last).begins(), at("2026-11-23T23:00:00.000Z"));
        assert_eq!(Hour::of(last).day(), Day::of(last));
        assert_eq!(Day::parse("2026-11-23"), Some(Day::of(last)));
        assert_eq!(Day::parse("23.11.2026"), None);
        assert_eq!(Day::of(first).for_people(), "24 November 2026");
    }
}
