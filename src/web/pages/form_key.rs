//! Makes a form count once, however often it is sent: each form carries an idempotency key, and a repeat gets the first
//! response.

use axum::http::StatusCode;
use maud::{Markup, html};

use crate::application::{Caller, Failure, IdempotencyKey};
use crate::unique_id::unique_id;
use crate::web::error::Problem;
use crate::web::pages::form::Form;
use crate::web::pages::form_errors::Errors;

const REQUEST_KEY: &str = "request_key";

/// The hidden field with the key. A form that is shown again keeps its key.
pub fn field(form: &Form) -> Markup {
    let key = form
        .filled(REQUEST_KEY)
        .map_or_else(|| unique_id().to_string(), str::to_owned);
    html! { input type="hidden" name=(REQUEST_KEY) value=(key); }
}

/// The idempotency key of a form that was sent to `path`.
pub fn key(caller: &Caller, path: &str, form: &Form) -> Option<IdempotencyKey> {
    let key = form.filled(REQUEST_KEY)?;
    Some(caller.idempotency_key(key, "POST", path, &form.content()))
}

/// The errors, and the form to show again. If the values differ from the first time, it is a new request and needs a
/// new key.
pub fn refused(failure: Failure, form: Form) -> (Errors, Form) {
    if !matches!(failure, Failure::IdempotencyKeyReused) {
        return (Errors::from(failure), form);
    }
    let detail = "You have already sent this form with different values. Check what you entered, and send it again if \
                  you want both.";
    let problem = Problem::new(StatusCode::CONFLICT, "sent_already", detail);
    (Errors::from(problem), anew(form))
}

/// The form without its key, so that it is sent as a new request.
pub fn anew(form: Form) -> Form {
    form.without(REQUEST_KEY)
}
