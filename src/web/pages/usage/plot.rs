//! The chart of an application's page: what passed stands above the line, what was refused hangs below it.

use maud::{Markup, html};

use crate::numbers::grouped;
use crate::usage::{Bucket, Day};

const PAD: f64 = 8.0;
const ABOVE: f64 = 132.0;
const BELOW: f64 = 40.0;
const BASE: f64 = PAD + ABOVE;
const BOTTOM: f64 = BASE + BELOW;
const LABELS: f64 = BOTTOM + 20.0;
const HEIGHT: f64 = BOTTOM + 26.0;
/// The share of a day's width that its bar takes.
const BAR: f64 = 0.62;
/// Every so many days has its date below it, counted back from the last.
const LABELLED: usize = 7;

/// Two lanes over the same days. Widths are percentages and heights are pixels, so that text keeps its size at any width.
pub fn plot(days: &[(Day, Bucket)], label: &str) -> Markup {
    let top = |count: fn(&Bucket) -> u64| nice(days.iter().map(|(_, day)| count(day)).max().unwrap_or_default());
    let (allowed_max, refused_max) = (top(|day| day.checks_allowed), top(Bucket::checks_refused));
    html! {
        div.plot {
            svg width="44" height=(HEIGHT) aria-hidden="true" {
                (scale(PAD + 4.0, false, &short(allowed_max as f64)))
                (scale(PAD + ABOVE / 2.0 + 4.0, false, &short(allowed_max as f64 / 2.0)))
                (scale(BASE + 4.0, false, "0"))
                (scale(BOTTOM + 4.0, true, &short(refused_max as f64)))
            }
            svg width="100%" height=(HEIGHT) role="img" aria-label=(label) {
                @for y in [PAD + 0.5, PAD + ABOVE / 2.0 + 0.5, BOTTOM + 0.5] {
                    line.grid-line x1="0" x2="100%" y1=(y) y2=(y) {}
                }
                @for (index, day) in days.iter().enumerate() {
                    (drawn(index, days.len(), day, (allowed_max, refused_max)))
                }
                line.base-line x1="0" x2="100%" y1=(BASE + 0.5) y2=(BASE + 0.5) {}
            }
        }
    }
}

fn scale(y: f64, is_refused: bool, text: &str) -> Markup {
    html! { text.refused[is_refused] x="34" y=(y) text-anchor="end" { (text) } }
}

fn drawn(index: usize, days: usize, (day, counted): &(Day, Bucket), (allowed_max, refused_max): (u64, u64)) -> Markup {
    let (allowed, refused) = (counted.checks_allowed, counted.checks_refused());
    let step = 100.0 / days as f64;
    let (left, width) = (index as f64 * step, step * BAR);
    let x = percent(left + (step - width) / 2.0);
    let height = |count: u64, max: u64, lane: f64, least: f64| match count {
        0 => 0.0,
        count => (lane * count as f64 / max as f64).max(least),
    };
    let (above, below) = (
        height(allowed, allowed_max, ABOVE, 1.0),
        height(refused, refused_max, BELOW, 2.0),
    );
    let is_last = index + 1 == days;
    let label = match is_last {
        true => ("end", "100%".to_owned()),
        false => ("middle", percent(left + step / 2.0)),
    };
    html! {
        g.day {
            title { (day.short()) ": " (grouped(allowed)) " allowed, " (grouped(refused)) " refused" }
            rect.hit x=(percent(left)) y="0" width=(percent(step)) height=(BOTTOM) {}
            @if allowed > 0 { rect.bar x=(x) y=(pixels(BASE - above)) width=(percent(width)) height=(pixels(above)) {} }
            @if refused > 0 { rect.bar.refused x=(x) y=(BASE + 1.0) width=(percent(width)) height=(pixels(below)) {} }
        }
        @if (days - 1 - index).is_multiple_of(LABELLED) {
            text x=(label.1) y=(LABELS) text-anchor=(label.0) { (day.short()) }
        }
    }
}

fn percent(share: f64) -> String {
    format!("{share:.2}%")
}

fn pixels(length: f64) -> String {
    format!("{length:.1}")
}

/// The number at the end of a scale that holds this one.
fn nice(number: u64) -> u64 {
    let mut power = 1_u64;
    while number / 10 >= power {
        power *= 10;
    }
    // In halves, so that 1.5 and 2.5 are among them.
    let steps = [2, 3, 4, 5, 6, 8, 10, 12, 16, 20].map(|halves: u64| power.saturating_mul(halves) / 2);
    steps.into_iter().find(|step| *step >= number).unwrap_or(number).max(1)
}

fn short(number: f64) -> String {
    match number {
        number if number >= 1_000_000.0 => format!("{}m", number / 1_000_000.0),
        number if number >= 1_000.0 => format!("{}k", number / 1_000.0),
        number => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_ends_with_a_round_number_that_holds_all() {
        for (number, end) in [
            (0, 1),
            (1, 1),
            (7, 8),
            (11, 15),
            (99, 100),
            (1_204, 1_500),
            (2_756, 3_000),
            (u64::MAX, u64::MAX),
        ] {
            assert_eq!(nice(number), end, "{number}");
        }
        assert_eq!([1_500.0, 3_000.0, 80.0, 0.5].map(short), ["1.5k", "3k", "80", "0.5"]);
    }

    #[test]
    fn every_day_is_drawn_and_told_and_nothing_needs_a_style() {
        let first = Day::parse("2026-11-01").unwrap();
        let days: Vec<_> = (0..30)
            .map(|number| {
                let mut bucket = Bucket::default();
                bucket.add("ok", 40);
                bucket.add("token_expired", u64::from(number == 29) * 7);
                (first.plus(number), bucket)
            })
            .collect();
        let drawn = plot(&days, "Calls").into_string();
        assert_eq!(drawn.matches(r#"<g class="day">"#).count(), 30);
        assert_eq!(drawn.matches(r#"class="bar refused""#).count(), 1);
        assert!(
            drawn.contains("<title>30 Nov: 40 allowed, 7 refused</title>"),
            "{drawn}"
        );
        assert!(!drawn.contains("style="), "{drawn}");
    }
}
