//! Tabs: the pages of one thing, and segments: the states of a list with their counts. Each is a link with a path of its own.

use maud::{Markup, html};

/// A tab or segment.
pub struct Tab<'a> {
    pub title: &'a str,
    pub href: String,
    /// A count behind the title; may be empty.
    pub count: String,
    pub current: bool,
}

/// The tabs of the thing that `label` names.
pub fn tabs(label: &str, all: &[Tab<'_>]) -> Markup {
    html! { nav.tabs aria-label=(label) { (list(all)) } }
}

/// The states of the list that `label` names.
pub fn segments(label: &str, all: &[Tab<'_>]) -> Markup {
    html! { nav.tabs.segments aria-label=(label) { (list(all)) } }
}

fn list(all: &[Tab<'_>]) -> Markup {
    html! {
        ul {
            @for tab in all {
                li {
                    a href=(tab.href) aria-current=[tab.current.then_some("page")] {
                        (tab.title) @if !tab.count.is_empty() { " " span { (tab.count) } }
                    }
                }
            }
        }
    }
}
