//! A form counts once, however often it is sent: it carries a word of its own, and the same again is answered like the
//! first time.

use axum::http::StatusCode;
use maud::{Markup, html};
use uuid::Uuid;

use crate::application::{Caller, Failure, IdempotencyKey};
use crate::web::error::Problem;
use crate::web::pages::form::Form;
use crate::web::pages::form_errors::Errors;

const REQUEST_KEY: &str = "request_key";

/// The field that makes a form count once. A form that is shown again keeps its word.
pub fn field(form: &Form) -> Markup {
    let key = form
        .filled(REQUEST_KEY)
        .map_or_else(|| Uuid::now_v7().to_string(), str::to_owned);
    html! { input type="hidden" name=(REQUEST_KEY) value=(key); }
}

/// The key of a form that was sent to `path`.
pub fn key(caller: &Caller, path: &str, form: &Form) -> Option<IdempotencyKey> {
    let key = form.filled(REQUEST_KEY)?;
    Some(IdempotencyKey::new(caller, key, "POST", path, &form.content()))
}

/// What went wrong, and the form to show again. Other values than the first time make another
/// request, which needs a word of its own.
pub fn refused(failure: Failure, form: Form) -> (Errors, Form) {
    if !matches!(failure, Failure::IdempotencyKeyReused) {
        return (Errors::from(failure), form);
    }
    let detail = "You have sent this form already, with other values. Check what you entered; send it once more if you \
                  want both.";
    let problem = Problem::new(StatusCode::CONFLICT, "sent_already", detail);
    (Errors::from(problem), anew(form))
}

/// The form, to be sent as another one.
pub fn anew(form: Form) -> Form {
    form.without(REQUEST_KEY)
}
