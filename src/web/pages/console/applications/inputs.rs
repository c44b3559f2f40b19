//! Form fields that only applications need: radio buttons and fixed fields.

use maud::{Markup, html};

use crate::web::pages::form_errors::Errors;

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
        fieldset.choices id=(name) tabindex="-1" aria-describedby=[error.map(|_| format!("{name}-error"))] {
            legend { (legend) }
            (error_of(name, error))
            @for Choice { value, title, hint } in choices {
                @let id = format!("{name}-{value}");
                div.choice {
                    input type="radio" id=(id) name=(name) value=(value) checked[*value == chosen] required
                        aria-describedby=[(!hint.is_empty()).then(|| format!("{id}-hint"))];
                    label for=(id) { (title) }
                    @if !hint.is_empty() { p.hint id={ (id) "-hint" } { (hint) } }
                }
            }
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

/// The error message of a field.
pub fn error_of(name: &str, error: Option<&str>) -> Markup {
    html! { @if let Some(error) = error { p.error id={ (name) "-error" } { (error) } } }
}
