//! The filter form above a list.

use maud::{Markup, html};

/// The form with its fields. `more` goes beside the button.
pub fn form(action: &str, label: &str, fields: &Markup, more: &Markup) -> Markup {
    html! {
        form.toolbar.inline-fields method="get" action=(action) role="search" aria-label=(label) {
            (fields)
            div.actions { button.button type="submit" { "Search" } " " (more) }
        }
    }
}

pub fn search(name: &str, label: &str, value: &str) -> Markup {
    let id = format!("filter-{name}");
    html! {
        div.field {
            label for=(id) { (label) }
            input id=(id) name=(name) type="search" value=(value) autocomplete="off";
        }
    }
}

/// A field that filters by one of a few options, or none.
pub fn select<'a>(
    name: &str,
    label: &str,
    chosen: &str,
    options: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Markup {
    let id = format!("filter-{name}");
    html! {
        div.field {
            label for=(id) { (label) }
            select id=(id) name=(name) {
                option value="" { "All" }
                @for (value, title) in options {
                    option value=(value) selected[value == chosen] { (title) }
                }
            }
        }
    }
}

/// A field that filters by date.
pub fn date(name: &str, label: &str, value: &str) -> Markup {
    let id = format!("filter-{name}");
    html! {
        div.field {
            label for=(id) { (label) }
            input id=(id) name=(name) type="date" value=(value);
        }
    }
}
