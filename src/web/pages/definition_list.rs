//! Lists of terms and their values.

use maud::{Markup, html};

/// One line of a `dl.facts`.
pub fn fact(title: &str, value: &Markup) -> Markup {
    html! { div { dt { (title) } dd { (value) } } }
}

/// One line whose value is a text that a user wrote.
pub fn written(title: &str, text: &str) -> Markup {
    fact(title, &html! { bdi.paragraph { (text) } })
}
