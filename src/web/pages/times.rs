//! Times and durations in words.

use chrono::TimeDelta;
use gatebook_aggregates::timestamp::Timestamp;
use maud::{Markup, html};

/// A time, as in `24 November 2026, 09:15 UTC`, with the exact value in its `datetime` attribute.
pub fn moment(at: Timestamp) -> Markup {
    html! { time datetime=(at.to_string()) { (at.for_people().to_string()) } }
}

/// The time that is left, as in `2 days 3 hours`; none when it is over.
pub fn left(until: Timestamp, now: Timestamp) -> Option<String> {
    let left = until.to_utc() - now.to_utc();
    (left > TimeDelta::zero()).then(|| in_words(left))
}

/// A time span in its two largest units, as in `2 days 3 hours`.
pub fn in_words(left: TimeDelta) -> String {
    let parts = [
        (left.num_days(), "day"),
        (left.num_hours() % 24, "hour"),
        (left.num_minutes() % 60, "minute"),
    ];
    let named: Vec<_> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .take(2)
        .map(|(count, unit)| format!("{count} {unit}{}", if *count == 1 { "" } else { "s" }))
        .collect();
    if named.is_empty() {
        "less than a minute".to_owned()
    } else {
        named.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_left_is_told_in_its_two_largest_units() {
        let words = |minutes| in_words(TimeDelta::minutes(minutes));
        assert_eq!(words(0), "less than a minute");
        assert_eq!(words(1), "1 minute");
        assert_eq!(words(61), "1 hour 1 minute");
        assert_eq!(words(24 * 60 * 2 + 60 * 3 + 5), "2 days 3 hours");
    }

    #[test]
    fn nothing_is_left_of_what_is_over() {
        let now = Timestamp::parse("2026-11-24T09:00:00Z").unwrap();
        assert_eq!(left(now, now), None);
    }
}
