//! Numbers and times for people.

use chrono::TimeDelta;
use gatebook_aggregates::timestamp::Timestamp;
use maud::{Markup, html};

/// A number as English sentences have it: 19,950.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A past time as lists tell it, such as `3 min ago`, with the exact one in its title.
pub fn relative(at: Timestamp, now: Timestamp) -> Markup {
    let ago = now.to_utc() - at.to_utc();
    let words = match ago {
        ago if ago < TimeDelta::minutes(1) => "just now".to_owned(),
        ago if ago < TimeDelta::hours(1) => format!("{} min ago", ago.num_minutes()),
        ago if ago < TimeDelta::days(1) => format!("{} h ago", ago.num_hours()),
        ago if ago < TimeDelta::days(2) => "yesterday".to_owned(),
        ago if ago < TimeDelta::days(31) => format!("{} days ago", ago.num_days()),
        _ => at.to_utc().format("%-d %B %Y").to_string(),
    };
    html! { time datetime=(at.to_string()) title=(at.for_people()) { (words) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_groups_of_three() {
        let numbers = [0, 999, 1_000, 19_950, 1_234_567].map(grouped);
        assert_eq!(numbers, ["0", "999", "1,000", "19,950", "1,234,567"]);
    }

    #[test]
    fn a_past_time_is_told_by_how_long_ago_it_was() {
        let now = Timestamp::parse("2026-11-23T09:00:00Z").unwrap();
        let words = |ago: TimeDelta| {
            let text = relative(now.plus(-ago), now).into_string();
            text.split(['>', '<']).nth(2).unwrap().to_owned()
        };
        for (ago, expected) in [
            (TimeDelta::seconds(59), "just now"),
            (TimeDelta::seconds(60), "1 min ago"),
            (TimeDelta::minutes(60), "1 h ago"),
            (TimeDelta::hours(24), "yesterday"),
            (TimeDelta::hours(48), "2 days ago"),
            (TimeDelta::days(31), "23 October 2026"),
            (TimeDelta::seconds(-5), "just now"),
        ] {
            assert_eq!(words(ago), expected);
        }
    }
}
