//! The small chart of a list's row.

use maud::{Markup, html};

use crate::application::AppUsage;
use crate::numbers::grouped;

/// Where the line between calls above and refusals below is.
const BASE: f64 = 18.0;
/// The share of a day's calls, from one in so many on, at which refusals are drawn: otherwise each row would have red in it, and
/// none would be seen.
const REFUSED_DRAWN_FROM: u64 = 100;

/// The last days, 89 by 24 pixels: calls above the line, refusals below it. Nothing for an application without any.
pub fn spark(usage: &AppUsage) -> Markup {
    let sum = usage.sum();
    let (allowed, refused) = (sum.checks_allowed, sum.checks_refused());
    if allowed + refused == 0 {
        return html! {};
    }
    let top = usage
        .days
        .iter()
        .map(|(_, day)| day.checks_allowed)
        .max()
        .unwrap_or(0)
        .max(1);
    let days = usage.days.len();
    let label = format!(
        "{} calls allowed and {} refused in {days} days",
        grouped(allowed),
        grouped(refused)
    );
    html! {
        svg.spark width="89" height="24" viewBox="0 0 89 24" role="img" {
            title { (label) }
            line.base-line x1="0" x2="89" y1=(BASE + 0.5) y2=(BASE + 0.5) {}
            @for (index, (_, day)) in usage.days.iter().enumerate() {
                @let (allowed, refused) = (day.checks_allowed, day.checks_refused());
                @if allowed > 0 {
                    @let height = (16.0 * allowed as f64 / top as f64).max(1.0);
                    rect.bar x=(index * 3) y=(format!("{:.1}", BASE - height)) width="2" height=(format!("{height:.1}")) {}
                }
                @if refused > 0 && refused * REFUSED_DRAWN_FROM >= allowed + refused {
                    @let height = ((refused as f64).log10().mul_add(1.4, 1.5)).min(5.0);
                    rect.bar.refused x=(index * 3) y=(BASE + 1.0) width="2" height=(format!("{height:.1}")) {}
                }
            }
        }
    }
}
