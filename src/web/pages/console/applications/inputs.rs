//! Form fields that only applications need: radio buttons and fixed fields.

use maud::{Markup, html};

use crate::web::pages::form_errors::Errors;
use crate::web::pages::inputs::error_of;

pub struct Choice<'a> {
    pub value: &'a str,
    pub title: &'a str,
    /// A hint below the title; may be empty.
    pub hint: &'a str,
}

/// A group of radio buttons.
pub fn radios(name: &str, legend: &str, choices: &[Choice<'_>], chosen: &str, errors: &Errors) -> Markup {
    let error = errors.of(name);
    html! {
        fieldset.field id=(name) tabindex="-1" aria-describedby=[error.map(|_| format!("{name}-error"))] {
            legend { (legend) }
            div.choices {
                @for Choice { value, title, hint } in choices {
                    @let id = format!("{name}-{value}");
                    label {
                        input type="radio" id=(id) name=(name) value=(value) checked[*value == chosen] required;
                        span { (title) }
                        @if !hint.is_empty() { span.hint { (hint) } }
                    }
                }
            }
            (error_of(name, error))
        }
    }
}

/// A field that cannot be changed.
pub fn fixed(id: &str, label: &str, value: &str) -> Markup {
    html! {
        div.field {
            label for=(id) { (label) }
            input id=(id) type="text" value=(value) disabled;
        }
    }
}
