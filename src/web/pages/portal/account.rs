//! The developer's own account: password and sessions.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use gatebook_aggregates::identifiers::SessionId;
use maud::{Markup, html};

use crate::application::{Realm, or_gone};
use crate::web::error::Problem;
use crate::web::extract::PathOf;
use crate::web::pages::components::head;
use crate::web::pages::current_user::{PortalUser, SignedIn};
use crate::web::pages::definition_list::written;
use crate::web::pages::form::{PageQuery, SubmittedForm};
use crate::web::pages::form_token::token;
use crate::web::pages::layout::{Shell, page};
use crate::web::pages::portal::labels::done;
use crate::web::pages::session_list::{ask_to_end, session_list};
use crate::web::pages::sign_out::signed_out;
use crate::web::service::Service;

/// `GET /portal/account`
pub async fn show(
    State(service): State<Service>,
    SignedIn(user): SignedIn<PortalUser>,
    PageQuery(query): PageQuery,
) -> Result<Response, Problem> {
    let sessions = service.sessions(user.caller(), Realm::Portal).await?;
    let form_token = &user.session.form_token;
    let body = html! {
        (head::title(&html! { "Your account" }))
        (done(&query))
        dl.facts {
            (written("Name", user.developer.full_name.as_str()))
            (written("E-mail address", user.developer.email.as_str()))
        }
        h2 { "Password" }
        form method="post" action="/portal/account/password-link" {
            (token(form_token))
            p { "We will send you an e-mail with a link to choose a new password." }
            button.button.primary type="submit" { "Change password" }
        }
        h2 #sessions { "Sessions" }
        (session_list(&sessions, user.session.id, "/portal/account/sessions", service.clock.now()))
    };
    Ok(page(&Shell::from(&user), "Your account", &body).into_response())
}

/// `GET /portal/account/sessions/{id}/end`: asks first.
pub async fn ask_to_end_session(
    State(service): State<Service>,
    SignedIn(user): SignedIn<PortalUser>,
    PathOf(session_id): PathOf<SessionId>,
) -> Result<Markup, Problem> {
    let sessions = service.sessions(user.caller(), Realm::Portal).await?;
    let places = ("/portal/account/sessions", "/portal/account");
    let body = ask_to_end(&sessions, session_id, user.session.id, places, &user.session.form_token);
    Ok(page(&Shell::from(&user), "End this session?", &body))
}

/// `POST /portal/account/sessions/{id}/end`
pub async fn end_session(
    State(service): State<Service>,
    PathOf(session_id): PathOf<SessionId>,
    SubmittedForm { user, form }: SubmittedForm<PortalUser>,
) -> Result<Response, Problem> {
    if form.is_to_be_shown_again() {
        return Ok(Redirect::to("/portal/account").into_response());
    }
    // A session that has already ended is what the user asked for.
    match or_gone(service.end_session(user.caller(), Realm::Portal, session_id).await) {
        Ok(()) if session_id == user.session.id => Ok(signed_out::<PortalUser>()),
        Ok(()) => Ok(Redirect::to("/portal/account?done=ended").into_response()),
        Err(failure) => Err(failure.into()),
    }
}

/// `POST /portal/account/password-link`
pub async fn send_password_link(
    State(service): State<Service>,
    SubmittedForm { user, form }: SubmittedForm<PortalUser>,
) -> Result<Redirect, Problem> {
    if form.is_to_be_shown_again() {
        return Ok(Redirect::to("/portal/account"));
    }
    let email = user.developer.email.as_str();
    service.request_developer_password_reset(user.caller(), email).await?;
    Ok(Redirect::to("/portal/account?done=link-sent"))
}
