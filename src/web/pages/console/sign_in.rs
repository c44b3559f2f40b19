//! Signing in to the console, and out of it.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use gatebook_aggregates::identifiers::GroupId;
use gatebook_aggregates::text::Label;
use maud::{Markup, html};

use crate::application::{Realm, SignInForm, SignInOutcome as Outcome};
use crate::web::error::Problem;
use crate::web::extract::{Anyone, Device};
use crate::web::pages::components::notice::{self, Kind};
use crate::web::pages::current_user::ConsoleUser;
use crate::web::pages::form::{Form, PageQuery, PublicForm, SubmittedForm, signed_in};
use crate::web::pages::form_errors::Errors;
use crate::web::pages::inputs::Field;
use crate::web::pages::layout::Shell;
use crate::web::pages::sign_in_page::{SignInPage, WRONG_PASSWORD, email_and_password, refused};
use crate::web::pages::sign_out;
use crate::web::service::Service;

/// What the page shows besides its fields.
#[derive(Default)]
struct SignInState<'a> {
    errors: Errors,
    held: bool,
    groups: &'a [(GroupId, Label)],
}

/// `GET /sign-in`
pub async fn show(PageQuery(query): PageQuery) -> Markup {
    sign_in_page(&query, &SignInState::default())
}

/// The page for a user whose session ended while they filled in a form.
pub fn sign_in_again(held: &str) -> Markup {
    let form = Form::of([("held", held.to_owned())]);
    let held = true;
    sign_in_page(
        &form,
        &SignInState {
            held,
            ..SignInState::default()
        },
    )
}

/// `POST /sign-in`
pub async fn submit(
    State(service): State<Service>,
    Anyone(caller): Anyone,
    Device(device): Device,
    headers: HeaderMap,
    PublicForm(form): PublicForm,
) -> Response {
    let entered = SignInForm {
        email: form.text("email").to_owned(),
        password: form.text("password").to_owned(),
        group_id: form.filled("group").and_then(|id| GroupId::parse(id).ok()),
        device,
    };
    match service.sign_in(&caller, &entered).await {
        Ok(Outcome::Session(session)) => signed_in(&service, &caller, Realm::Console, &headers, &session, &form).await,
        Ok(Outcome::SeveralGroups(groups)) => {
            let groups = groups.as_slice();
            sign_in_page(
                &form,
                &SignInState {
                    groups,
                    ..SignInState::default()
                },
            )
            .into_response()
        }
        Err(failure) => {
            let errors = refused(failure, WRONG_PASSWORD);
            let status = errors.status();
            let state = SignInState {
                errors,
                ..SignInState::default()
            };
            (status, sign_in_page(&form, &state)).into_response()
        }
    }
}

/// `POST /sign-out`
pub async fn sign_out(
    State(service): State<Service>,
    submitted: Result<SubmittedForm<ConsoleUser>, Response>,
) -> Result<Response, Problem> {
    sign_out::sign_out(&service, submitted).await
}

fn sign_in_page(form: &Form, state: &SignInState<'_>) -> Markup {
    let SignInState { errors, held, groups } = state;
    let page = SignInPage {
        shell: &Shell::console(),
        heading: "Sign in",
        path: "/sign-in",
        verb: "Sign in",
        held: *held,
        below: html! {
            p { a href="/forgot-password" { "Forgotten your password?" } }
            p { "Are you a developer? " a href="/portal" { "Go to the Developer Portal" } "." }
        },
    };
    let fields = html! {
        (email_and_password(form, errors))
        @if !groups.is_empty() {
            (notice::told(Kind::Info, &html! { p { "You belong to several groups. Choose one, and enter your password again." } }))
            (Field { name: "group", label: "Group", ..Field::default() }.select(&options(groups), errors))
        }
    };
    page.with(&fields, form, errors)
}

fn options(groups: &[(GroupId, Label)]) -> Vec<(&str, &str)> {
    groups.iter().map(|(id, name)| (id.as_str(), name.as_str())).collect()
}
