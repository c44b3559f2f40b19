//! The form above a list that finds some of it.

use maud::{Markup, html};

/// The form: its fields, and what stands beside its button.
pub fn form(action: &str, label: &str, fields: &Markup, more: &Markup) -> Markup {
    html! {
        form.filters method="get" action=(action) role="search" aria-label=(label) {
            (fields)
            div.actions { button type="submit" { "Search" } " " (more) }
        }
    }
}

/// A field to search by.
pub fn search(name: &str, label: &str, value: &str) -> Markup {
    let id = format!("filter-{name}");
    html! {
        div.field {
            label for=(id) { (label) }
            input id=(id) name=(name) type="search" value=(value) autocomplete="off";
        }
    }
}

/// A field to choose one of a few things by, or all.
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

/// A field to find what happened from a day on, or until a day.
pub fn date(name: &str, label: &str, value: &str) -> Markup {
    let id = format!("filter-{name}");
    html! {
        div.field {
            label for=(id) { (label) }
            input id=(id) name=(name) type="date" value=(value);
        }
    }
}
