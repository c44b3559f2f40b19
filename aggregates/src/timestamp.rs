//! Moments in time as Gatebook writes them everywhere: UTC, RFC 3339, milliseconds. The one way of reading a time, too,
//! wherever it comes from: a query, a form, a body, the command line, or the log.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, SecondsFormat, TimeDelta, Timelike, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

/// A moment in UTC with millisecond precision, from the year 1970 to the year 9998.
///
/// Written as `2026-11-23T09:15:00.000Z` in events, tables, JSON and CSV alike, so that text order is time order and both
/// databases hold the same bytes. Within its years every moment is read back as the same; there are no others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(DateTime<Utc>);

/// The first moment, 1970-01-01T00:00:00.000Z, in milliseconds since 1970.
const FIRST_MILLIS: i64 = 0;
/// The last moment, 9998-12-31T23:59:59.999Z.
const LAST_MILLIS: i64 = 253_370_764_799_999;
/// From here on chrono counts the nanoseconds of a leap second.
const LEAP_SECOND: u32 = 1_000_000_000;

/// Why a text is no time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TimeError {
    /// It is not written as RFC 3339 has it; `24:00` is not, either.
    #[error("write the time as 2026-11-23T09:15:00Z, or with an offset as 2026-11-23T10:15:00+01:00 (RFC 3339)")]
    NotRfc3339,
    /// Seconds are counted from 00 to 59: which years get a second more is not known before, and clocks leave it out.
    #[error("leap seconds (:60) are not supported; use the second before or after")]
    LeapSecond,
    /// In UTC it lies outside the years that are known here.
    #[error("the time must be in the years 1970 to 9998 (UTC)")]
    OutOfRange,
}

/// Reads an RFC 3339 time. An offset is converted to UTC, fractions are cut to milliseconds.
impl FromStr for Timestamp {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let moment = DateTime::parse_from_rfc3339(text).map_err(|_| TimeError::NotRfc3339)?;
        if moment.nanosecond() >= LEAP_SECOND {
            return Err(TimeError::LeapSecond);
        }
        match moment.timestamp_millis() {
            FIRST_MILLIS..=LAST_MILLIS => Ok(Self::new(moment.with_timezone(&Utc))),
            _ => Err(TimeError::OutOfRange),
        }
    }
}

impl Timestamp {
    /// The moment, cut to whole milliseconds; the first or the last one for what lies before or after them.
    pub fn new(moment: DateTime<Utc>) -> Self {
        let millis = moment.timestamp_millis().clamp(FIRST_MILLIS, LAST_MILLIS);
        Self(DateTime::from_timestamp_millis(millis).unwrap_or(moment))
    }

    /// Reads a time as [`from_str`](Self::from_str) does, for whoever does not want to know why it is none.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    /// The same moment for chrono.
    pub fn to_utc(self) -> DateTime<Utc> {
        self.0
    }

    /// For people, as in `24 November 2026, 09:15 UTC`: to the minute, seconds cut off.
    pub fn for_people(self) -> impl fmt::Display {
        self.0.format("%-d %B %Y, %H:%M UTC")
    }

    /// Milliseconds since 1970.
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

    /// The moment `span` later; the first or the last one when that lies outside of the years that are known.
    pub fn plus(self, span: TimeDelta) -> Self {
        let millis = self.millis().saturating_add(span.num_milliseconds());
        Self(DateTime::from_timestamp_millis(millis.clamp(FIRST_MILLIS, LAST_MILLIS)).unwrap_or(self.0))
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
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, TimeError> {
        text.parse::<Timestamp>().map(|time| time.to_string())
    }

    #[test]
    fn a_time_lies_in_the_years_1970_to_9998_once_it_is_in_utc() {
        for inside in [
            "1970-01-01T00:00:00Z",
            "1969-12-31T23:00:00-01:00",
            "9998-12-31T23:59:59.999Z",
            "9998-12-31T23:59:59.9999999Z",
            "9999-01-01T00:59:59+01:00",
        ] {
            let written = read(inside).unwrap();
            assert_eq!(read(&written), Ok(written.clone()), "{inside}");
        }
        for outside in [
            "1969-12-31T23:59:59.999Z",
            "1969-12-31T23:59:59.9999Z",
            "1970-01-01T00:59:59+01:00",
            "0000-01-01T00:00:00Z",
            "9999-01-01T00:00:00Z",
            "9998-12-31T23:30:00-01:00",
            "9999-12-31T23:59:59Z",
            "9999-12-31T23:30:00-01:00",
        ] {
            assert_eq!(read(outside), Err(TimeError::OutOfRange), "{outside}");
        }
    }

    #[test]
    fn a_leap_second_and_hour_24_are_refused() {
        for leap in [
            "9999-12-31T23:59:60Z",
            "2016-12-31T23:59:60Z",
            "2016-12-31T23:59:60.5Z",
            "2017-01-01T00:59:60+01:00",
        ] {
            assert_eq!(read(leap), Err(TimeError::LeapSecond), "{leap}");
        }
        for other in [
            "2026-11-23T24:00:00Z",
            "2026-11-23T23:59:61Z",
            "2026-11-23T23:60:00Z",
            "2026-02-29T00:00:00Z",
            "2026-11-23",
            "2026-11-23T09:15:00",
            "2026-11-23T09:15:00+25:00",
            "2026-11-23T09:15:00 01:00",
            "+2026-11-23T09:15:00Z",
            "+10000-01-01T00:00:00.000Z",
            " 2026-11-23T09:15:00Z",
            "",
        ] {
            assert_eq!(read(other), Err(TimeError::NotRfc3339), "{other}");
        }
    }

    #[test]
    fn no_calculation_leads_to_a_moment_that_cannot_be_read_back() {
        let late = Timestamp::parse("9998-12-31T23:00:00Z").unwrap();
        let early = Timestamp::parse("1970-01-01T01:00:00Z").unwrap();
        for (time, expected) in [
            (late.plus(TimeDelta::hours(2)), "9998-12-31T23:59:59.999Z"),
            (late.plus(TimeDelta::MAX), "9998-12-31T23:59:59.999Z"),
            (early.plus(TimeDelta::hours(-2)), "1970-01-01T00:00:00.000Z"),
            (early.plus(TimeDelta::MIN), "1970-01-01T00:00:00.000Z"),
            (Timestamp::new(DateTime::<Utc>::MAX_UTC), "9998-12-31T23:59:59.999Z"),
            (Timestamp::new(DateTime::<Utc>::MIN_UTC), "1970-01-01T00:00:00.000Z"),
        ] {
            assert_eq!(time.to_string(), expected);
            assert_eq!(Timestamp::parse(expected), Some(time));
        }
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
