//! The sessions of an operator's token, with a button to end each.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use gatebook_aggregates::identifiers::SessionId;
use maud::{Markup, html};

use crate::application::{Realm, or_gone};
use crate::web::error::Problem;
use crate::web::extract::PathOf;
use crate::web::pages::components::head;
use crate::web::pages::current_user::{OperatorUser, SignedIn, forget_session};
use crate::web::pages::form::SubmittedForm;
use crate::web::pages::layout::{Shell, page};
use crate::web::pages::session_list::{self, session_list};
use crate::web::service::Service;

/// `GET /operator/sessions`
pub async fn show(State(service): State<Service>, SignedIn(user): SignedIn<OperatorUser>) -> Result<Markup, Problem> {
    let sessions = service.sessions(user.caller(), Realm::Operator).await?;
    let body = html! {
        (head::title(&html! { "Sessions of " bdi { (user.name) } }))
        p {
            "Everybody who is signed in with this token. To end the token and all of its sessions, use the command \
             line: " code { "gatebook operator-token revoke" } "."
        }
        h2 #sessions { "Sessions" }
        (session_list(&sessions, user.session.id, "/operator/sessions", service.clock.now()))
    };
    Ok(page(&Shell::from(&user), "Sessions", &body))
}

/// `GET /operator/sessions/{id}/end`: asks first.
pub async fn ask_to_end(
    State(service): State<Service>,
    SignedIn(user): SignedIn<OperatorUser>,
    PathOf(session_id): PathOf<SessionId>,
) -> Result<Markup, Problem> {
    let sessions = service.sessions(user.caller(), Realm::Operator).await?;
    let places = ("/operator/sessions", "/operator/sessions");
    let body = session_list::ask_to_end(&sessions, session_id, user.session.id, places, &user.session.form_token);
    Ok(page(&Shell::from(&user), "End this session?", &body))
}

/// `POST /operator/sessions/{id}/end`
pub async fn end(
    State(service): State<Service>,
    PathOf(session_id): PathOf<SessionId>,
    SubmittedForm { user, .. }: SubmittedForm<OperatorUser>,
) -> Result<Response, Problem> {
    // A session that has already ended is what the user asked for.
    match or_gone(service.end_session(user.caller(), Realm::Operator, session_id).await) {
        Ok(()) if session_id == user.session.id => {
            Ok(([forget_session(Realm::Operator)], Redirect::to("/operator/sign-in")).into_response())
        }
        Ok(()) => Ok(Redirect::to("/operator/sessions").into_response()),
        Err(failure) => Err(failure.into()),
    }
}
