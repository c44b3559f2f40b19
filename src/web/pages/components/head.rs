//! The head of a page: where it is, its title, what can be done; and the heads of its sections.

use maud::{Markup, html};

/// The path to a page: titles and addresses; a part without a page of its own has an empty address.
pub fn crumbs(path: &[(&str, &str)]) -> Markup {
    html! {
        nav.crumbs aria-label="Breadcrumb" {
            ol {
                @for (title, href) in path {
                    li { @if href.is_empty() { (title) } @else { a href=(href) { bdi { (title) } } } }
                }
            }
        }
    }
}

/// The head of a page.
#[derive(Default)]
pub struct PageHead {
    pub title: Markup,
    /// The state behind the title.
    pub state: Markup,
    /// The line under the title.
    pub under: Markup,
    /// Buttons, the primary one last.
    pub actions: Markup,
}

impl PageHead {
    pub fn show(&self) -> Markup {
        html! {
            div.page-head {
                div {
                    div.title-line { h1 { (self.title) } (self.state) }
                    (self.under)
                }
                @if !self.actions.0.is_empty() { div.actions { (self.actions) } }
            }
        }
    }
}

/// The head of a page that is only a title.
pub fn title(title: &Markup) -> Markup {
    PageHead {
        title: title.clone(),
        ..PageHead::default()
    }
    .show()
}

/// A section with its head. `aside` stands at the right of the head: a count, a hint or a link.
pub fn section(id: &str, title: &str, aside: &Markup, content: &Markup) -> Markup {
    html! {
        section.section aria-labelledby=(id) {
            div.section-head { h2 id=(id) { (title) } (aside) }
            (content)
        }
    }
}

/// A part of a long form: its title and a hint at the left, its fields at the right.
pub fn form_part(title: &str, hint: &str, fields: &Markup) -> Markup {
    html! {
        div.form-part {
            div { h2 { (title) } @if !hint.is_empty() { p { (hint) } } }
            div.fields { (fields) }
        }
    }
}
