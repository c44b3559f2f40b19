//! Logging in to the portal, and out of it.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use crate::application::{Failure, PortalClient, Realm};
use crate::web::error::Problem;
use crate::web::extract::{Anyone, Device};
use crate::web::pages::current_user::PortalUser;
use crate::web::pages::form::{Form, PageQuery, PublicForm, SubmittedForm, signed_in};
use crate::web::pages::form_errors::Errors;
use crate::web::pages::inputs::Field;
use crate::web::pages::layout::{Shell, page};
use crate::web::pages::sign_out;
use crate::web::service::Service;

/// `GET /portal/log-in`
pub async fn show(PageQuery(query): PageQuery) -> Markup {
    log_in_page(&query, &Errors::default(), false)
}

/// The page for a user whose session ended while they filled in a form.
pub fn log_in_again(held: &str) -> Markup {
    log_in_page(&Form::of([("held", held.to_owned())]), &Errors::default(), true)
}

/// `POST /portal/log-in`
pub async fn submit(
    State(service): State<Service>,
    Anyone(caller): Anyone,
    Device(device): Device,
    headers: HeaderMap,
    PublicForm(form): PublicForm,
) -> Response {
    let (email, password) = (form.text("email"), form.text("password"));
    let session = service
        .log_in(&caller, PortalClient::Pages, email, password, &device)
        .await;
    match session {
        Ok(session) => signed_in(&service, &caller, Realm::Portal, &headers, &session, &form).await,
        Err(failure) => {
            let errors = refused(failure);
            (errors.status(), log_in_page(&form, &errors, false)).into_response()
        }
    }
}

/// `POST /portal/log-out`
pub async fn log_out(
    State(service): State<Service>,
    submitted: Result<SubmittedForm<PortalUser>, Response>,
) -> Result<Response, Problem> {
    sign_out::sign_out(&service, submitted).await
}

fn refused(failure: Failure) -> Errors {
    match failure {
        Failure::Unauthenticated => {
            let detail = "The e-mail address or password is wrong.";
            Problem::new(StatusCode::UNAUTHORIZED, "unauthenticated", detail).into()
        }
        failure => failure.into(),
    }
}

fn log_in_page(form: &Form, errors: &Errors, held: bool) -> Markup {
    let body = html! {
        h1 { "Log in to the Developer Portal" }
        @if held {
            p.notice role="status" {
                "Your session has ended. Log in again to continue; what you entered has been kept."
            }
        }
        (errors.summary(&[]))
        form.narrow method="post" action="/portal/log-in" {
            input type="hidden" name="next" value=(form.text("next"));
            input type="hidden" name="held" value=(form.text("held"));
            (Field {
                name: "email", label: "E-mail address", value: form.text("email"), kind: "email",
                autocomplete: "username", ..Field::default()
            }.input(errors))
            (Field {
                name: "password", label: "Password", kind: "password", autocomplete: "current-password",
                ..Field::default()
            }.input(errors))
            button type="submit" { "Log in" }
        }
        p { a href="/portal/forgot-password" { "Forgotten your password?" } }
        p { "New here? Open the link in your invitation e-mail to sign up." }
    };
    page(&Shell::portal(), "Log in", &body)
}
