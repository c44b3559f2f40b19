//! Times and durations in words.

use chrono::TimeDelta;
use gatebook_aggregates::timestamp::Timestamp;
use maud::{Markup, html};

/// A time, as in `24 November 2026, 09:15 UTC`, with the exact value in its `datetime` attribute. Where scripts run, it is shown
/// in the reader's time zone.
pub fn moment(at: Timestamp) -> Markup {
    html! { time datetime=(at.to_string()) data-exact { (at.for_people().to_string()) } }
}

/// A time as one speaks of it, as in `4 min ago` or `28 August`; the exact one is in its title.
pub fn ago(at: Timestamp, now: Timestamp) -> Markup {
    html! { time datetime=(at.to_string()) title=(at.for_people().to_string()) { (since(at, now)) } }
}

/// The time of day, in UTC, for lists whose heads tell the day.
pub fn clock(at: Timestamp) -> Markup {
    html! { time datetime=(at.to_string()) title=(at.for_people().to_string()) { (at.to_utc().format("%H:%M").to_string()) } }
}

/// The day, in UTC, as in `Monday 30 November 2026`.
pub fn day(at: Timestamp) -> String {
    at.to_utc().format("%A %-d %B %Y").to_string()
}

/// A sentence of the log, with its times as people read them.
pub fn sentence(text: &str) -> Markup {
    html! {
        @for (at, word) in text.split(' ').enumerate() {
            @if at > 0 { " " }
            @let bare = word.trim_end_matches(['.', ',', ';', ')', '”']);
            @match Timestamp::parse(bare) {
                Some(time) => { (moment(time)) (word.get(bare.len()..).unwrap_or_default()) },
                None => (word),
            }
        }
    }
}

/// How long ago it was while that is short; then the day.
fn since(at: Timestamp, now: Timestamp) -> String {
    let past = now.to_utc() - at.to_utc();
    let many = |count: i64, unit: &str| format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" });
    match (past.num_minutes(), past.num_hours(), past.num_days()) {
        (minutes, ..) if minutes < 0 => at.to_utc().format("%-d %B %Y").to_string(),
        (0, ..) => "just now".to_owned(),
        (minutes @ 1..60, ..) => format!("{minutes} min ago"),
        (_, hours @ 1..24, _) => many(hours, "hour"),
        (_, _, days @ 1..7) => many(days, "day"),
        (_, _, days) if days < 300 => at.to_utc().format("%-d %B").to_string(),
        _ => at.to_utc().format("%-d %B %Y").to_string(),
    }
}

/// The time that is left, as in `2 days 3 hours`; none when it is over.
pub fn left(until: Timestamp, now: Timestamp) -> Option<String> {
    let left = until.to_utc() - now.to_utc();
    // A minute that has begun counts, so that three days are three days a moment later, too.
    let shown = match left < TimeDelta::minutes(1) {
        true => left,
        false => left + TimeDelta::milliseconds(59_999),
    };
    (left > TimeDelta::zero()).then(|| in_words(shown))
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
    fn times_are_told_as_one_speaks_of_them() {
        let now = Timestamp::parse("2026-11-24T09:00:00Z").unwrap();
        for (at, words) in [
            ("2026-11-24T09:00:00Z", "just now"),
            ("2026-11-24T08:59:01Z", "just now"),
            ("2026-11-24T08:59:00Z", "1 min ago"),
            ("2026-11-24T08:00:01Z", "59 min ago"),
            ("2026-11-24T08:00:00Z", "1 hour ago"),
            ("2026-11-23T09:00:01Z", "23 hours ago"),
            ("2026-11-23T09:00:00Z", "1 day ago"),
            ("2026-11-17T09:00:01Z", "6 days ago"),
            ("2026-11-17T09:00:00Z", "17 November"),
            ("2025-11-17T09:00:00Z", "17 November 2025"),
            ("2026-11-24T09:01:00Z", "24 November 2026"),
        ] {
            assert_eq!(since(Timestamp::parse(at).unwrap(), now), words, "{at}");
        }
    }

    #[test]
    fn a_sentence_says_its_times_to_people() {
        let text = "created it; the OTP is valid until 2026-12-04T14:16:56.502Z, and “<2026-12-04>” is no time.";
        let shown = sentence(text).into_string();
        assert_eq!(
            shown,
            "created it; the OTP is valid until <time datetime=\"2026-12-04T14:16:56.502Z\" data-exact>4 December 2026, 14:16 UTC\
             </time>, and “&lt;2026-12-04&gt;” is no time."
        );
    }

    #[test]
    fn nothing_is_left_of_what_is_over() {
        let now = Timestamp::parse("2026-11-24T09:00:00Z").unwrap();
        assert_eq!(left(now, now), None);
    }
}
