//! Lists of facts: a term, and what is known of it.

use maud::{Markup, html};

/// A line of a list of facts; it belongs in a `dl.facts`.
pub fn fact(title: &str, value: &Markup) -> Markup {
    html! { div { dt { (title) } dd { (value) } } }
}

/// A line with a text that somebody has written.
pub fn written(title: &str, text: &str) -> Markup {
    fact(title, &html! { bdi.paragraph { (text) } })
}
