//! Signing out, in every part of the site.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use gatebook_aggregates::refusal::Refusal;

use super::form::{Sent, shell};
use super::visitor::{Visitor, forget_session};
use crate::application::Failure;
use crate::http::error::Problem;
use crate::http::extract::App;
use crate::log::CommandError;

/// Ends the session. One that has ended already is what was asked for: nobody signs in to sign out.
pub async fn sign_out<V: Visitor>(app: &App, sent: Result<Sent<V>, Response>) -> Result<Response, Problem> {
    let visitor = match sent {
        Ok(Sent { form, .. }) if form.is_to_be_shown_again() => {
            return Ok(Redirect::to(shell(V::REALM).home()).into_response());
        }
        Ok(Sent { visitor, .. }) => visitor,
        Err(refused) if refused.status() == StatusCode::UNAUTHORIZED => return Ok(signed_out::<V>()),
        Err(refused) => return Ok(refused),
    };
    let session = visitor.session();
    match app.end_session(&session.caller, V::REALM, session.id).await {
        Ok(()) | Err(Failure::Command(CommandError::Refused(Refusal::NotFound))) => Ok(signed_out::<V>()),
        Err(failure) => Err(failure.into()),
    }
}

/// Somebody whose session has ended.
pub fn signed_out<V: Visitor>() -> Response {
    ([forget_session(V::REALM)], Redirect::to(V::SIGN_IN)).into_response()
}
