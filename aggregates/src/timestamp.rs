//! Moments in time as Gatebook writes them everywhere: UTC, RFC 3339, milliseconds.

use std::fmt;

use chrono::{DateTime, Datelike, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A moment in UTC with millisecond precision.
///
/// Written as `2026-11-23T09:15:00.000Z` in events, tables, JSON and CSV alike, so that text order
/// is time order and both databases hold the same bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(DateTime<Utc>);

impl Timestamp {
    /// The moment, cut to whole milliseconds.
    pub fn new(moment: DateTime<Utc>) -> Self {
        Self(DateTime::from_timestamp_millis(moment.timestamp_millis()).unwrap_or(moment))
    }

    /// Reads any RFC 3339 time; `None` when it is none, or when in UTC its year has not four digits.
    pub fn parse(text: &str) -> Option<Self> {
        let moment = DateTime::parse_from_rfc3339(text).ok()?.with_timezone(&Utc);
        (0..=9_999).contains(&moment.year()).then(|| Self::new(moment))
    }

    /// The same moment for chrono.
    pub fn to_utc(self) -> DateTime<Utc> {
        self.0
    }

    /// For people, as in `24 November 2026, 09:15 UTC`: to the minute, seconds cut off.
    pub fn for_people(self) -> impl fmt::Display {
        self.0.format("%-d %B %Y, %H:%M UTC")
    }

    /// Milliseconds since 1970, negative before.
    pub fn millis(self) -> i64 {
        self.0.timestamp_millis()
    }

    /// How many seconds it takes from here to a later moment: begun ones count, and so does one at least.
    pub fn seconds_until(self, later: Self) -> u64 {
        let millis = later.millis().saturating_sub(self.millis());
        u64::try_from(millis).unwrap_or_default().div_ceil(1_000).max(1)
    }

    /// This moment, or the next whole second.
    pub fn whole_second_up(self) -> Self {
        let missing = (1_000 - self.millis().rem_euclid(1_000)) % 1_000;
        self.plus(TimeDelta::milliseconds(missing))
    }

    /// This moment, or the whole second before it.
    pub fn whole_second_down(self) -> Self {
        self.plus(TimeDelta::milliseconds(-self.millis().rem_euclid(1_000)))
    }

    /// The moment `span` later; unchanged when that lies beyond the calendar.
    pub fn plus(self, span: TimeDelta) -> Self {
        self.0.checked_add_signed(span).map_or(self, Self::new)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("not an RFC 3339 time"))
    }
}

#[cfg(test)]
mod tests {
    use super::Timestamp;

    #[test]
    fn a_time_whose_text_would_not_sort_is_none() {
        assert_eq!(Timestamp::parse("9999-12-31T23:30:00-01:00"), None);
        assert!(Timestamp::parse("9999-12-31T23:30:00Z").is_some());
    }

    #[test]
    fn the_seconds_until_a_later_moment_are_rounded_up() {
        let at = |text: &str| Timestamp::parse(&format!("2026-11-23T09:{text}Z")).unwrap();
        let seconds = |later: &str| at("15:00.000").seconds_until(at(later));
        assert_eq!((seconds("16:00.000"), seconds("16:00.001")), (60, 61));
        assert_eq!((seconds("15:00.000"), seconds("14:00.000")), (1, 1));
    }

    #[test]
    fn a_whole_second_is_its_own_and_every_other_moment_lies_between_two() {
        let at = |text: &str| Timestamp::parse(&format!("2026-11-23T09:{text}Z")).unwrap();
        for (moment, down, up) in [
            ("15:00.000", "15:00.000", "15:00.000"),
            ("15:00.001", "15:00.000", "15:01.000"),
            ("15:59.999", "15:59.000", "16:00.000"),
        ] {
            assert_eq!(at(moment).whole_second_down(), at(down));
            assert_eq!(at(moment).whole_second_up(), at(up));
        }
    }

    #[test]
    fn a_moment_is_written_in_utc_with_milliseconds() {
        let moment = Timestamp::parse("2026-11-23T10:15:00.1239+01:00").unwrap();
        assert_eq!(moment.to_string(), "2026-11-23T09:15:00.123Z");
    }
}
