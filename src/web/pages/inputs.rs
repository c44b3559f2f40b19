//! Form fields with their labels, hints and errors.

use maud::{Markup, html};

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
                (hint(self.name, self.hint))
                (error_of(self.name, error))
                input id=(self.name) name=(self.name) type=(self.kind) value=(self.value)
                    autocomplete=(self.autocomplete) required[self.required]
                    aria-invalid=[error.map(|_| "true")] aria-describedby=[described_by(self.name, self.hint, error)];
            }
        }
    }

    /// The field with several lines.
    pub fn textarea(&self, errors: &Errors) -> Markup {
        let error = errors.of(self.name);
        html! {
            div.field {
                (label(self.name, self.label, self.required))
                (hint(self.name, self.hint))
                (error_of(self.name, error))
                textarea id=(self.name) name=(self.name) rows="4" required[self.required]
                    aria-invalid=[error.map(|_| "true")]
                    aria-describedby=[described_by(self.name, self.hint, error)] { (self.value) }
            }
        }
    }

    /// The field as a list of `options`, each a value and a title.
    pub fn select(&self, options: &[(&str, &str)], errors: &Errors) -> Markup {
        let error = errors.of(self.name);
        html! {
            div.field {
                (label(self.name, self.label, self.required))
                (hint(self.name, self.hint))
                (error_of(self.name, error))
                select id=(self.name) name=(self.name) required[self.required]
                    aria-invalid=[error.map(|_| "true")]
                    aria-describedby=[described_by(self.name, self.hint, error)] {
                    @for (value, title) in options {
                        option value=(value) selected[*value == self.value] { (title) }
                    }
                }
            }
        }
    }
}

/// A checkbox with its label.
pub fn checkbox(name: &str, label: &str, checked: bool, errors: &Errors) -> Markup {
    let error = errors.of(name);
    html! {
        div.field.check {
            (error_of(name, error))
            input id=(name) name=(name) type="checkbox" value="true" checked[checked]
                aria-invalid=[error.map(|_| "true")] aria-describedby=[described_by(name, "", error)];
            label for=(name) { (label) }
        }
    }
}

fn label(name: &str, text: &str, required: bool) -> Markup {
    html! {
        label for=(name) {
            (text)
            @if !required { span.optional { " (optional)" } }
        }
    }
}

fn hint(name: &str, text: &str) -> Markup {
    html! { @if !text.is_empty() { p.hint id={ (name) "-hint" } { (text) } } }
}

fn error_of(name: &str, error: Option<&str>) -> Markup {
    html! { @if let Some(error) = error { p.error id={ (name) "-error" } { (error) } } }
}

fn described_by(name: &str, hint: &str, error: Option<&str>) -> Option<String> {
    let hint = (!hint.is_empty()).then(|| format!("{name}-hint"));
    let error = error.map(|_| format!("{name}-error"));
    let ids: Vec<_> = hint.into_iter().chain(error).collect();
    (!ids.is_empty()).then(|| ids.join(" "))
}
