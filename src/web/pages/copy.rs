//! A button that copies a text to the clipboard. It needs a script, so without scripts it stays hidden.

use maud::{Markup, html};

/// A button that copies the text of the element with the id `of`, and says that it did.
pub fn button(of: &str) -> Markup {
    html! {
        button.plain type="button" hidden data-copy=(of) aria-describedby={ (of) "-copied" } { "Copy" }
        " " span.detail id={ (of) "-copied" } role="status" {}
    }
}

/// A value with a copy button beside it.
pub fn value(id: &str, value: &str) -> Markup {
    html! { code id=(id) { (value) } " " (button(id)) }
}
