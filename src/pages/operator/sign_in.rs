//! Operators sign in with their token, and sign out.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};

use crate::application::{Failure, Realm};
use crate::http::error::Problem;
use crate::http::extract::{Anyone, App, Device};
use crate::pages::attempt::Errors;
use crate::pages::form::{Asked, Form, OpenForm, Sent, signed_in};
use crate::pages::inputs::Field;
use crate::pages::layout::{Shell, page};
use crate::pages::visitor::{OperatorUser, forget_session};

/// `GET /operator/sign-in`
pub async fn show(Asked(asked): Asked) -> Markup {
    sign_in_page(&asked, &Errors::default(), false)
}

/// The page for somebody whose session has ended in the middle of a form.
pub fn sign_in_again(held: &str) -> Markup {
    sign_in_page(&Form::of([("held", held.to_owned())]), &Errors::default(), true)
}

/// `POST /operator/sign-in`
pub async fn submit(
    State(app): State<App>,
    Anyone(caller): Anyone,
    Device(device): Device,
    headers: HeaderMap,
    OpenForm(form): OpenForm,
) -> Response {
    match app.operator_sign_in(&caller, form.text("token"), &device).await {
        Ok(session) => signed_in(&app, &caller, Realm::Operator, &headers, &session, &form).await,
        Err(failure) => {
            let errors = refused(failure);
            (errors.status(), sign_in_page(&form, &errors, false)).into_response()
        }
    }
}

/// `POST /operator/sign-out`: of a session that has ended already, too.
pub async fn sign_out(State(app): State<App>, sent: Result<Sent<OperatorUser>, Response>) -> Result<Response, Problem> {
    match sent {
        Ok(sent) if sent.form.is_to_be_shown_again() => return Ok(Redirect::to("/operator").into_response()),
        Ok(sent) => {
            let session = sent.visitor.session;
            app.end_session(&session.caller, Realm::Operator, session.id).await?;
        }
        Err(answer) if answer.status() == StatusCode::UNAUTHORIZED => {}
        Err(answer) => return Ok(answer),
    }
    Ok(([forget_session(Realm::Operator)], Redirect::to("/operator/sign-in")).into_response())
}

fn refused(failure: Failure) -> Errors {
    match failure {
        Failure::Unauthenticated => {
            let detail = "This is no valid operator token. Make one with: gatebook operator-token create --name NAME";
            Problem::new(StatusCode::UNAUTHORIZED, "unauthenticated", detail).into()
        }
        failure => failure.into(),
    }
}

fn sign_in_page(form: &Form, errors: &Errors, held: bool) -> Markup {
    let body = html! {
        h1 { "Sign in as an operator" }
        @if held {
            p.notice role="status" { "Your session has ended. Sign in again to go on; what you entered has been kept." }
        }
        (errors.summary(&[]))
        form.narrow method="post" action="/operator/sign-in" {
            input type="hidden" name="next" value=(form.text("next"));
            input type="hidden" name="held" value=(form.text("held"));
            (Field {
                name: "token", label: "Operator token", hint: "It begins with gbo_.", kind: "password",
                ..Field::default()
            }.input(errors))
            button type="submit" { "Sign in" }
        }
    };
    page(&Shell::operator(), "Sign in", &body)
}
