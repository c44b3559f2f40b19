//! Logging in to the portal, and out of it.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use crate::application::{PortalClient, Realm};
use crate::web::error::Problem;
use crate::web::extract::{Anyone, Device};
use crate::web::pages::current_user::PortalUser;
use crate::web::pages::form::{Form, PageQuery, PublicForm, SubmittedForm, signed_in};
use crate::web::pages::form_errors::Errors;
use crate::web::pages::layout::Shell;
use crate::web::pages::sign_in_page::{SignInPage, WRONG_PASSWORD, email_and_password, refused};
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
            let errors = refused(failure, WRONG_PASSWORD);
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

fn log_in_page(form: &Form, errors: &Errors, held: bool) -> Markup {
    let page = SignInPage {
        shell: &Shell::portal(),
        heading: "Log in to the Developer Portal",
        path: "/portal/log-in",
        verb: "Log in",
        held,
        below: html! {
            p { a href="/portal/forgot-password" { "Forgotten your password?" } }
            p { "New here? Open the link in your invitation e-mail to sign up." }
        },
    };
    page.with(&email_and_password(form, errors), form, errors)
}
