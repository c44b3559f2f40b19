//! The parts of forms that only applications have: choices as radio buttons, fields that are fixed.

use maud::{Markup, html};

use crate::web::pages::form_errors::Errors;

/// One of a few answers.
pub struct Choice<'a> {
    /// What is sent.
    pub value: &'a str,
    /// What is read.
    pub title: &'a str,
    /// What helps to choose; may be empty.
    pub hint: &'a str,
}

/// A choice among a few answers, all of them to be seen at once.
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

/// A field that is shown and cannot be changed.
pub fn fixed(id: &str, label: &str, value: &str) -> Markup {
    html! {
        div.field {
            label for=(id) { (label) }
            input id=(id) type="text" value=(value) disabled;
        }
    }
}

/// What is wrong with a field.
pub fn error_of(name: &str, error: Option<&str>) -> Markup {
    html! { @if let Some(error) = error { p.error id={ (name) "-error" } { (error) } } }
}
