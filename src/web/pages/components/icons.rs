//! Icons: 16 pixels, one stroke, in the colour of the words beside them. Words say what they mean; icons never stand alone
//! without a label.

use maud::{Markup, PreEscaped, html};

/// An icon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(dead_code, reason = "a whole set, of which pages use what they need")]
pub enum Icon {
    Ban,
    Book,
    Check,
    Chevron,
    Clock,
    Copy,
    Cross,
    Down,
    Download,
    Edit,
    Entities,
    External,
    Eye,
    Info,
    Key,
    Left,
    Lock,
    Mail,
    Menu,
    More,
    Pause,
    Play,
    Plus,
    Right,
    Search,
    Up,
    User,
    Warn,
}

impl Icon {
    fn shape(self) -> &'static str {
        match self {
            Self::Ban => r#"<circle cx="8" cy="8" r="5.5"/><path d="m4.2 4.2 7.6 7.6"/>"#,
            Self::Book => {
                r#"<path d="M8 4.2C6.8 3.3 5.2 3 2.5 3v9.5c2.7 0 4.3.3 5.5 1.2 1.2-.9 2.8-1.2 5.5-1.2V3c-2.7 0-4.3.3-5.5 1.2zm0 0v9.5"/>"#
            }
            Self::Check => r#"<path d="m3 8.5 3.2 3.2L13 5"/>"#,
            Self::Chevron => r#"<path d="M3.5 6 8 10.5 12.5 6"/>"#,
            Self::Clock => r#"<circle cx="8" cy="8" r="5.5"/><path d="M8 5v3l2 1.5"/>"#,
            Self::Copy => {
                r#"<rect x="5.5" y="5.5" width="8" height="8" rx="1.3"/><path d="M10.5 5.5V3.8a1.3 1.3 0 0 0-1.3-1.3H3.8a1.3 1.3 0 0 0-1.3 1.3v5.4a1.3 1.3 0 0 0 1.3 1.3h1.7"/>"#
            }
            Self::Cross => r#"<path d="m4.2 4.2 7.6 7.6m0-7.6-7.6 7.6"/>"#,
            Self::Down => r#"<path d="M8 3v9.5M4.5 9 8 12.5 11.5 9"/>"#,
            Self::Download => r#"<path d="M8 2.5v7.7M4.8 7.2 8 10.3l3.2-3.1M3 13.5h10"/>"#,
            Self::Edit => r#"<path d="m10.6 3 2.4 2.4L6 12.4l-3.1.7.7-3.1z"/>"#,
            Self::Entities => {
                r#"<path d="M2.5 13.5h11M4 13.5v-10h5v10m0-6.5h3.5v6.5M6.5 6h.01M6.5 8.5h.01M6.5 11h.01"/>"#
            }
            Self::External => r#"<path d="M6.5 3.5h-3v9h9v-3M9.2 3.2h3.6v3.6M12.7 3.3 7.6 8.4"/>"#,
            Self::Eye => {
                r#"<path d="M1.5 8S4 3.8 8 3.8 14.5 8 14.5 8 12 12.2 8 12.2 1.5 8 1.5 8z"/><circle cx="8" cy="8" r="1.8"/>"#
            }
            Self::Info => r#"<circle cx="8" cy="8" r="6"/><path d="M8 7.5V11m0-6v.01"/>"#,
            Self::Key => r#"<circle cx="5.2" cy="10.8" r="2.5"/><path d="m7 9 6-6m-2.3 2.3 1.8 1.8"/>"#,
            Self::Left => r#"<path d="M10 3.5 5.5 8l4.5 4.5"/>"#,
            Self::Lock => {
                r#"<rect x="3.5" y="7" width="9" height="6.5" rx="1"/><path d="M5.5 7V5a2.5 2.5 0 0 1 5 0v2"/>"#
            }
            Self::Mail => r#"<rect x="2" y="3.5" width="12" height="9" rx="1"/><path d="M2.5 4.5 8 9l5.5-4.5"/>"#,
            Self::Menu => r#"<path d="M2.5 4.5h11M2.5 8h11M2.5 11.5h11"/>"#,
            Self::More => r#"<path d="M3.2 8h.01M8 8h.01M12.8 8h.01" stroke-width="2.3"/>"#,
            Self::Pause => r#"<path d="M6 4v8m4-8v8"/>"#,
            Self::Play => r#"<path d="M5.5 3.5v9l7-4.5z"/>"#,
            Self::Plus => r#"<path d="M8 3v10M3 8h10"/>"#,
            Self::Right => r#"<path d="M6 3.5 10.5 8 6 12.5"/>"#,
            Self::Search => r#"<circle cx="7" cy="7" r="4.5"/><path d="M10.5 10.5 14 14"/>"#,
            Self::Up => r#"<path d="M8 13V3.5M4.5 7 8 3.5 11.5 7"/>"#,
            Self::User => r#"<circle cx="8" cy="5.5" r="2.5"/><path d="M3 13.5c.6-2.6 2.6-4 5-4s4.4 1.4 5 4"/>"#,
            Self::Warn => r#"<path d="M8 2.5 14.3 13.5H1.7zM8 6.5v3.2m0 1.9v.01"/>"#,
        }
    }
}

/// The icon, which screen readers pass over.
pub fn icon(icon: Icon) -> Markup {
    html! { svg.icon viewBox="0 0 16 16" aria-hidden="true" { (PreEscaped(icon.shape())) } }
}

/// The mark of what unfolds.
pub fn chevron() -> Markup {
    html! { svg.icon.chevron viewBox="0 0 16 16" aria-hidden="true" { (PreEscaped(Icon::Chevron.shape())) } }
}

/// The product's mark: an open book that is a gate.
pub fn mark() -> Markup {
    html! {
        svg viewBox="3 2.55 18 19.85" width="22" height="24" aria-hidden="true" {
            path fill="currentColor" d="M11.1 22.4c-1.9-1.45-4.3-2.1-8.1-2.2v-8.7a9 9 0 0 1 8.1-8.95z" {}
            path fill="currentColor" fill-rule="evenodd" d="M12.9 22.4c1.9-1.45 4.3-2.1 8.1-2.2v-8.7a9 9 0 0 0-8.1-8.95zM15 9.6v1.5h3.9V9.6zm0 3.4v1.5h3.9V13zm0 3.4v1.5h3.9v-1.5z" {}
        }
    }
}
