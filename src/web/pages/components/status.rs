//! The state of something: a shape and a word, never a colour alone. The word is the truth.

use gatebook_aggregates::integration_app::Status;
use maud::{Markup, html};

/// What a state means for the reader, which its shape and colour repeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// It works.
    Good,
    /// Somebody has to do something, and has time.
    Wait,
    /// It needs attention.
    Warn,
    /// It is refused, locked or broken.
    Bad,
    /// It has been stopped for a while.
    Paused,
    /// It is over.
    Off,
}

/// The one state that something is in.
pub fn status(tone: Tone, word: &str) -> Markup {
    let class = match tone {
        Tone::Good => "status good",
        Tone::Wait => "status wait",
        Tone::Warn => "status warn",
        Tone::Bad => "status bad",
        Tone::Paused => "status paused",
        Tone::Off => "status off",
    };
    html! { span class=(class) { (word) } }
}

/// R27: the state of an application.
pub fn of_app(state: Status) -> Markup {
    match state {
        Status::Active => status(Tone::Good, "Active"),
        Status::Suspended => status(Tone::Paused, "Suspended"),
        Status::Revoked => status(Tone::Off, "Revoked"),
    }
}

/// Something odd about a thing, behind its name; one at most.
pub fn tag(words: &str) -> Markup {
    html! { span.tag { (words) } }
}

/// The same, for what needs attention.
pub fn tag_warn(words: &str) -> Markup {
    html! { span.tag.warn { (words) } }
}
