//! Signing in with an operator's token, and out.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use crate::application::Realm;
use crate::web::error::Problem;
use crate::web::extract::{Anyone, Device};
use crate::web::pages::current_user::OperatorUser;
use crate::web::pages::form::{Form, PageQuery, PublicForm, SubmittedForm, signed_in};
use crate::web::pages::form_errors::Errors;
use crate::web::pages::inputs::Field;
use crate::web::pages::layout::Shell;
use crate::web::pages::sign_in_page::{SignInPage, refused};
use crate::web::pages::sign_out;
use crate::web::service::Service;

const WRONG_TOKEN: &str =
    "This operator token is not valid. Create one with: gatebook operator-token create --name NAME";

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
            let errors = refused(failure, WRONG_TOKEN);
            (errors.status(), sign_in_page(&form, &errors, false)).into_response()
        }
    }
}

/// `POST /operator/sign-out`
pub async fn sign_out(
    State(service): State<Service>,
    submitted: Result<SubmittedForm<OperatorUser>, Response>,
) -> Result<Response, Problem> {
    sign_out::sign_out(&service, submitted).await
}

fn sign_in_page(form: &Form, errors: &Errors, held: bool) -> Markup {
    let page = SignInPage {
        shell: &Shell::operator(),
        heading: "Sign in as an operator",
        path: "/operator/sign-in",
        verb: "Sign in",
        held,
        below: html! {},
    };
    let token = Field {
        name: "token",
        label: "Operator token",
        hint: "It begins with gbo_.",
        kind: "password",
        ..Field::default()
    };
    page.with(&token.input(errors), form, errors)
}
