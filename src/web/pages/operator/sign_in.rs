//! Signing in with an operator's token, and out.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};

use crate::application::{Failure, Realm};
use crate::web::error::Problem;
use crate::web::extract::{Anyone, Device};
use crate::web::pages::current_user::{OperatorUser, forget_session};
use crate::web::pages::form::{Form, PageQuery, PublicForm, SubmittedForm, signed_in};
use crate::web::pages::form_errors::Errors;
use crate::web::pages::inputs::Field;
use crate::web::pages::layout::{Shell, page};
use crate::web::service::Service;

/// `GET /operator/sign-in`
pub async fn show(PageQuery(query): PageQuery) -> Markup {
    sign_in_page(&query, &Errors::default(), false)
}

/// The page for a user whose session ended while they filled in a form.
pub fn sign_in_again(held: &str) -> Markup {
    sign_in_page(&Form::of([("held", held.to_owned())]), &Errors::default(), true)
}

/// `POST /operator/sign-in`
pub async fn submit(
    State(service): State<Service>,
    Anyone(caller): Anyone,
    Device(device): Device,
    headers: HeaderMap,
    PublicForm(form): PublicForm,
) -> Response {
    match service.operator_sign_in(&caller, form.text("token"), &device).await {
        Ok(session) => signed_in(&service, &caller, Realm::Operator, &headers, &session, &form).await,
        Err(failure) => {
            let errors = refused(failure);
            (errors.status(), sign_in_page(&form, &errors, false)).into_response()
        }
    }
}

/// `POST /operator/sign-out`: succeeds for a session that has already ended, too.
pub async fn sign_out(
    State(service): State<Service>,
    submitted: Result<SubmittedForm<OperatorUser>, Response>,
) -> Result<Response, Problem> {
    match submitted {
        Ok(submitted) if submitted.form.is_to_be_shown_again() => return Ok(Redirect::to("/operator").into_response()),
        Ok(submitted) => {
            let session = submitted.user.session;
            service
                .end_session(&session.caller, Realm::Operator, session.id)
                .await?;
        }
        Err(answer) if answer.status() == StatusCode::UNAUTHORIZED => {}
        Err(answer) => return Ok(answer),
    }
    Ok(([forget_session(Realm::Operator)], Redirect::to("/operator/sign-in")).into_response())
}

fn refused(failure: Failure) -> Errors {
    match failure {
        Failure::Unauthenticated => {
            let detail = "This operator token is not valid. Create one with: gatebook operator-token create --name \
                          NAME";
            Problem::new(StatusCode::UNAUTHORIZED, "unauthenticated", detail).into()
        }
        failure => failure.into(),
    }
}

fn sign_in_page(form: &Form, errors: &Errors, held: bool) -> Markup {
    let body = html! {
        h1 { "Sign in as an operator" }
        @if held {
            p.notice role="status" {
                "Your session has ended. Sign in again to continue; what you entered has been kept."
            }
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
