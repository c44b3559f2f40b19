//! The page to sign in, for every part of the site.

use axum::http::StatusCode;
use maud::{Markup, html};

use crate::application::Failure;
use crate::web::error::Problem;
use crate::web::pages::components::head;
use crate::web::pages::components::notice::{self, Kind};
use crate::web::pages::form::Form;
use crate::web::pages::form_errors::Errors;
use crate::web::pages::inputs::Field;
use crate::web::pages::layout::{Shell, door};

/// What differs between the parts of the site.
pub struct SignInPage<'a> {
    pub shell: &'a Shell,
    pub heading: &'a str,
    pub path: &'a str,
    /// What it is called here: “Sign in” or “Log in”.
    pub verb: &'a str,
    /// Whether a session has ended while its owner filled in a form, which is kept.
    pub held: bool,
    /// Links below the form.
    pub below: Markup,
}

impl SignInPage<'_> {
    pub fn with(&self, fields: &Markup, form: &Form, errors: &Errors) -> Markup {
        let verb = self.verb;
        let body = html! {
            (head::title(&html! { (self.heading) }))
            @if self.held {
                (notice::told(Kind::Info, &html! { p { "Your session has ended. " (verb) " again to continue; what you entered has been kept." } }))
            }
            (errors.summary(&[]))
            form.fields method="post" action=(self.path) {
                input type="hidden" name="next" value=(form.text("next"));
                input type="hidden" name="held" value=(form.text("held"));
                (fields)
                button.button.primary type="submit" { (verb) }
            }
            div.door-foot.second { (self.below) }
        };
        door(self.shell, verb, &body)
    }
}

/// The fields for those who sign in with a password.
pub fn email_and_password(form: &Form, errors: &Errors) -> Markup {
    html! {
        (Field {
            name: "email", label: "E-mail address", value: form.text("email"), kind: "email",
            autocomplete: "username", ..Field::default()
        }.input(errors))
        (Field {
            name: "password", label: "Password", kind: "password", autocomplete: "current-password",
            ..Field::default()
        }.input(errors))
    }
}

pub const WRONG_PASSWORD: &str = "The e-mail address or password is wrong.";

/// The errors of a sign-in; `detail` says what is wrong with what was entered.
pub fn refused(failure: Failure, detail: &str) -> Errors {
    match failure {
        Failure::Unauthenticated => Problem::new(StatusCode::UNAUTHORIZED, "unauthenticated", detail).into(),
        failure => failure.into(),
    }
}
