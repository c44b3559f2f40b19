//! Notices: what the reader must know before anything else on the page. At most one stands on a page, under its head or tabs.

use maud::{Markup, html};

use crate::web::pages::components::icons::{Icon, icon};

/// What kind of news a notice has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Something to know.
    Info,
    /// Something has been done.
    Good,
    /// Something needs attention.
    Warn,
    /// Something was refused, has stopped, or will be destroyed.
    Bad,
}

impl Kind {
    fn class(self) -> &'static str {
        match self {
            Self::Info => "notice",
            Self::Good => "notice good",
            Self::Warn => "notice warn",
            Self::Bad => "notice bad",
        }
    }

    fn icon(self) -> Icon {
        match self {
            Self::Info => Icon::Info,
            Self::Good => Icon::Check,
            Self::Warn | Self::Bad => Icon::Warn,
        }
    }
}

/// A notice that is part of the page.
pub fn note(kind: Kind, content: &Markup) -> Markup {
    html! { div class=(kind.class()) role="note" { (icon(kind.icon())) div { (content) } } }
}

/// A notice about what was just done, or found. Screen readers read it out.
pub fn told(kind: Kind, content: &Markup) -> Markup {
    html! { div class=(kind.class()) role="status" { (icon(kind.icon())) div { (content) } } }
}

/// The same, and it gets the focus.
pub fn told_first(kind: Kind, content: &Markup) -> Markup {
    html! {
        div class=(kind.class()) role="status" tabindex="-1" data-focus { (icon(kind.icon())) div { (content) } }
    }
}

/// A notice about what went wrong. Screen readers interrupt for it.
pub fn alert(kind: Kind, content: &Markup) -> Markup {
    html! { div class=(kind.class()) role="alert" { (icon(kind.icon())) div { (content) } } }
}

/// The same, and it gets the focus.
pub fn alert_first(kind: Kind, content: &Markup) -> Markup {
    html! {
        div class=(kind.class()) role="alert" tabindex="-1" data-focus { (icon(kind.icon())) div { (content) } }
    }
}

/// A notice without a role: a part of what is read anyway.
pub fn plain(kind: Kind, content: &Markup) -> Markup {
    html! { div class=(kind.class()) { (icon(kind.icon())) div { (content) } } }
}
