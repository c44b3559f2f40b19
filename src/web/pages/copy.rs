//! A button that copies a text to the clipboard. It needs a script, so without scripts it stays hidden.

use maud::{Markup, html};

use crate::web::pages::components::icons::{Icon, icon};

/// A button that copies the text of the element with the id `of`, and says that it did.
pub fn button(of: &str) -> Markup {
    labelled(of, "Copy", "button small")
}

/// The same with other words and looks.
pub fn labelled(of: &str, title: &str, class: &str) -> Markup {
    html! {
        button class=(class) type="button" hidden data-copy=(of) aria-describedby={ (of) "-copied" } {
            (icon(Icon::Copy)) (title)
        }
        " " span.second.small id={ (of) "-copied" } role="status" {}
    }
}

/// A value with a copy button beside it.
pub fn value(id: &str, value: &str) -> Markup {
    html! { span.copy { code id=(id) { (value) } " " (button(id)) } }
}
