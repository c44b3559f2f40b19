//! Signing out, for every part of the site.

use axum::http::StatusCode;
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};

use crate::application::{Realm, or_gone};
use crate::web::error::Problem;
use crate::web::pages::current_user::{CurrentUser, forget_session};
use crate::web::pages::form::{SubmittedForm, shell};
use crate::web::pages::list_query;
use crate::web::service::Service;

/// Ends the session. If it has already ended, that counts as success: nobody should have to sign in to sign out.
pub async fn sign_out<V: CurrentUser>(
    service: &Service,
    submitted: Result<SubmittedForm<V>, Response>,
) -> Result<Response, Problem> {
    let user = match submitted {
        Ok(SubmittedForm { form, .. }) if form.is_to_be_shown_again() => {
            return Ok(Redirect::to(shell(V::REALM).home()).into_response());
        }
        Ok(SubmittedForm { user, .. }) => user,
        Err(refused) if refused.status() == StatusCode::UNAUTHORIZED => return Ok(signed_out::<V>()),
        Err(refused) => return Ok(refused),
    };
    let session = user.session();
    or_gone(service.end_session(&session.caller, V::REALM, session.id).await)?;
    Ok(signed_out::<V>())
}

/// The response for a user whose session has ended.
pub fn signed_out<V: CurrentUser>() -> Response {
    let forgotten = [forget_session(V::REALM)];
    let redirect = Redirect::to(V::SIGN_IN);
    match V::REALM {
        Realm::Console => (
            AppendHeaders(forgotten),
            AppendHeaders([list_query::forget()]),
            redirect,
        )
            .into_response(),
        Realm::Portal | Realm::Operator => (forgotten, redirect).into_response(),
    }
}
