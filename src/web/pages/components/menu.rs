//! Menus: a `<details>` that works without scripts. With scripts Escape and a click outside close it, and the arrow keys move
//! between its choices.

use maud::{Markup, html};

use crate::web::pages::components::icons::{Icon, icon};

/// A choice of a menu.
pub struct Choice {
    pub icon: Icon,
    pub title: &'static str,
    pub href: String,
    /// Whether it stands apart from the choice above it.
    pub apart: bool,
    /// Whether it ends or destroys something.
    pub danger: bool,
}

impl Choice {
    pub fn of(icon: Icon, title: &'static str, href: String) -> Self {
        Self {
            icon,
            title,
            href,
            apart: false,
            danger: false,
        }
    }
}

/// A menu behind three dots. `label` says what it is about, for those who cannot see where it stands.
pub fn more(label: &str, class: &str, choices: &[Choice]) -> Markup {
    html! {
        @if !choices.is_empty() {
            details.menu {
                summary class={ "button " (class) } aria-label=(label) { (icon(Icon::More)) }
                (list(choices))
            }
        }
    }
}

fn list(choices: &[Choice]) -> Markup {
    html! {
        ul.menu-list {
            @for choice in choices {
                li.apart[choice.apart] {
                    a.danger[choice.danger] href=(choice.href) { (icon(choice.icon)) (choice.title) }
                }
            }
        }
    }
}
