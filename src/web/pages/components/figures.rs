//! Figures that are to be read first, such as the counts of a home page. Where the last one is the sum of the others, it stands
//! over the double rule of bookkeeping.

use maud::{Markup, html};

/// One figure.
pub struct Figure<'a> {
    pub title: &'a str,
    pub value: String,
    /// Where it leads; may be empty.
    pub href: String,
    /// A small line below; may be empty.
    pub note: String,
    /// Whether it is the sum of those before it.
    pub sum: bool,
}

/// Figures side by side; on phones one below the other.
pub fn figures(all: &[Figure<'_>]) -> Markup {
    html! {
        dl.figures {
            @for figure in all {
                div {
                    dt { (figure.title) }
                    dd.figure.sum[figure.sum] {
                        @if figure.href.is_empty() { (figure.value) } @else { a href=(figure.href) { (figure.value) } }
                    }
                    @if !figure.note.is_empty() { dd.note { (figure.note) } }
                }
            }
        }
    }
}
