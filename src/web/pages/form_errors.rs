//! The errors of a form, shown above it and beside its fields. What the user entered is kept.

use axum::http::StatusCode;
use maud::{Markup, html};

use crate::application::Failure;
use crate::request_log::note_refusal;
use crate::web::error::{FieldError, Problem};
use crate::web::pages::components::notice::{self, Kind};

/// The errors of a form; none by default.
#[derive(Default)]
pub struct Errors {
    status: Option<u16>,
    detail: Option<String>,
    fields: Vec<FieldError>,
}

impl Errors {
    /// Replaces quoted field names and codes with the labels that the page shows.
    pub fn worded(mut self, words: &[(&str, &str)]) -> Self {
        let worded = |text: &str| {
            words.iter().fold(text.to_owned(), |text, (word, title)| {
                text.replace(&format!("“{word}”"), &format!("“{title}”"))
            })
        };
        self.detail = self.detail.as_deref().map(worded);
        for field in &mut self.fields {
            field.message = worded(&field.message);
        }
        self
    }

    /// Adds errors of fields that have none yet.
    pub fn also(mut self, fields: &[FieldError]) -> Self {
        let new = fields.iter().filter(|error| self.of(&error.field).is_none());
        let new: Vec<_> = new.cloned().collect();
        self.fields.extend(new);
        self
    }

    /// The error message of a field.
    pub fn of(&self, field: &str) -> Option<&str> {
        let found = self.fields.iter().find(|error| error.field == field);
        found.map(|error| error.message.as_str())
    }

    /// The HTTP status of the page that shows these errors.
    pub fn status(&self) -> StatusCode {
        let status = self.status.and_then(|status| StatusCode::from_u16(status).ok());
        status.unwrap_or(StatusCode::OK)
    }

    /// The summary above the form: every error, with links to the fields in `shown`.
    pub fn summary(&self, shown: &[&str]) -> Markup {
        let (beside, elsewhere): (Vec<_>, Vec<_>) = self
            .fields
            .iter()
            .partition(|error| shown.contains(&error.field.as_str()));
        html! {
            @if self.status.is_some() {
                (notice::alert_first(Kind::Bad, &html! {
                    @if self.fields.is_empty() {
                        @if let Some(detail) = &self.detail { p { (detail) } }
                    } @else {
                        p { "Please correct the following:" }
                        ul {
                            @for error in beside { li { a href={ "#" (error.field) } { (error.message) } } }
                            @for error in elsewhere { li { (error.message) } }
                        }
                    }
                }))
            }
        }
    }
}

impl From<Problem> for Errors {
    fn from(problem: Problem) -> Self {
        note_refusal(&problem.code);
        Self {
            status: Some(problem.status),
            detail: Some(problem.detail),
            fields: problem.errors,
        }
    }
}

impl From<Failure> for Errors {
    fn from(failure: Failure) -> Self {
        Problem::from(failure).into()
    }
}
