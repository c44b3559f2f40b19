//! Form fields with their labels, hints and errors.

use maud::{Markup, html};

use crate::web::pages::components::icons::{Icon, icon};
use crate::web::pages::form_errors::Errors;

/// A form field.
pub struct Field<'a> {
    /// The name, which is also the element's id.
    pub name: &'a str,
    pub label: &'a str,
    /// A hint below the label; may be empty.
    pub hint: &'a str,
    pub value: &'a str,
    /// The input's type: `text`, `email`, `password`, …
    pub kind: &'a str,
    /// The `autocomplete` attribute; see the HTML standard.
    pub autocomplete: &'a str,
    pub required: bool,
}

impl Default for Field<'_> {
    fn default() -> Self {
        Self {
            name: "",
            label: "",
            hint: "",
            value: "",
            kind: "text",
            autocomplete: "off",
            required: true,
        }
    }
}

impl Field<'_> {
    /// The field as a single line.
    pub fn input(&self, errors: &Errors) -> Markup {
        let error = errors.of(self.name);
        html! {
            div.field {
                (label(self.name, self.label, self.required))
                @if self.kind == "password" {
                    div.reveal {
                        (self.line(error))
                        button.button.icon-only type="button" data-reveal=(self.name) aria-label={ "Show: " (self.label) }
                            aria-pressed="false" hidden { (icon(Icon::Eye)) }
                    }
                } @else { (self.line(error)) }
                (hint(self.name, self.hint))
                (error_of(self.name, error))
            }
        }
    }

    fn line(&self, error: Option<&str>) -> Markup {
        html! {
            input id=(self.name) name=(self.name) type=(self.kind) value=(self.value)
                autocomplete=(self.autocomplete) required[self.required]
                aria-invalid=[error.map(|_| "true")] aria-describedby=[described_by(self.name, self.hint, error)];
        }
    }

    /// The field with several lines.
    pub fn textarea(&self, errors: &Errors) -> Markup {
        let error = errors.of(self.name);
        html! {
            div.field {
                (label(self.name, self.label, self.required))
                textarea id=(self.name) name=(self.name) rows="4" required[self.required]
                    aria-invalid=[error.map(|_| "true")]
                    aria-describedby=[described_by(self.name, self.hint, error)] { (self.value) }
                (hint(self.name, self.hint))
                (error_of(self.name, error))
            }
        }
    }

    /// The field as a list of `options`, each a value and a title.
    pub fn select(&self, options: &[(&str, &str)], errors: &Errors) -> Markup {
        let error = errors.of(self.name);
        html! {
            div.field {
                (label(self.name, self.label, self.required))
                select id=(self.name) name=(self.name) required[self.required]
                    aria-invalid=[error.map(|_| "true")]
                    aria-describedby=[described_by(self.name, self.hint, error)] {
                    @for (value, title) in options {
                        option value=(value) selected[*value == self.value] { (title) }
                    }
                }
                (hint(self.name, self.hint))
                (error_of(self.name, error))
            }
        }
    }
}

/// A checkbox with its label.
pub fn checkbox(name: &str, label: &str, checked: bool, errors: &Errors) -> Markup {
    let error = errors.of(name);
    html! {
        div.field {
            label.check for=(name) {
                input id=(name) name=(name) type="checkbox" value="true" checked[checked]
                    aria-invalid=[error.map(|_| "true")] aria-describedby=[described_by(name, "", error)];
                span { (label) }
            }
            (error_of(name, error))
        }
    }
}

fn label(name: &str, text: &str, required: bool) -> Markup {
    html! {
        label for=(name) {
            (text)
            @if !required { span.third { " (optional)" } }
        }
    }
}

fn hint(name: &str, text: &str) -> Markup {
    html! { @if !text.is_empty() { p.hint id={ (name) "-hint" } { (text) } } }
}

/// The error message of a field.
pub fn error_of(name: &str, error: Option<&str>) -> Markup {
    html! { @if let Some(error) = error { p.error id={ (name) "-error" } { (icon(Icon::Warn)) span { (error) } } } }
}

fn described_by(name: &str, hint: &str, error: Option<&str>) -> Option<String> {
    let hint = (!hint.is_empty()).then(|| format!("{name}-hint"));
    let error = error.map(|_| format!("{name}-error"));
    let ids: Vec<_> = hint.into_iter().chain(error).collect();
    (!ids.is_empty()).then(|| ids.join(" "))
}
