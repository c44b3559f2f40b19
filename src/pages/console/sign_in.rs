//! Sign in to the console, and sign out.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use gatebook_aggregates::identifiers::GroupId;
use gatebook_aggregates::words::Label;
use maud::{Markup, html};

use crate::application::{Failure, Realm, SignInForm, SignedIn as Outcome};
use crate::http::error::Problem;
use crate::http::extract::{Anyone, App, Device};
use crate::pages::attempt::Errors;
use crate::pages::form::{Asked, Form, OpenForm, Sent, signed_in};
use crate::pages::inputs::Field;
use crate::pages::layout::{Shell, page};
use crate::pages::sign_out;
use crate::pages::visitor::ConsoleUser;

/// What the page says besides its fields.
#[derive(Default)]
struct Situation<'a> {
    errors: Errors,
    held: bool,
    groups: &'a [(GroupId, Label)],
}

/// `GET /sign-in`
pub async fn show(Asked(asked): Asked) -> Markup {
    sign_in_page(&asked, &Situation::default())
}

/// The page for somebody whose session has ended in the middle of a form.
pub fn sign_in_again(held: &str) -> Markup {
    let form = Form::of([("held", held.to_owned())]);
    let held = true;
    sign_in_page(
        &form,
        &Situation {
            held,
            ..Situation::default()
        },
    )
}

/// `POST /sign-in`
pub async fn submit(
    State(app): State<App>,
    Anyone(caller): Anyone,
    Device(device): Device,
    headers: HeaderMap,
    OpenForm(form): OpenForm,
) -> Response {
    let entered = SignInForm {
        email: form.text("email").to_owned(),
        password: form.text("password").to_owned(),
        group_id: form.filled("group").and_then(|id| GroupId::parse(id).ok()),
        device,
    };
    match app.sign_in(&caller, &entered).await {
        Ok(Outcome::Session(session)) => signed_in(&app, &caller, Realm::Console, &headers, &session, &form).await,
        Ok(Outcome::SeveralGroups(groups)) => {
            let groups = groups.as_slice();
            sign_in_page(
                &form,
                &Situation {
                    groups,
                    ..Situation::default()
                },
            )
            .into_response()
        }
        Err(failure) => {
            let errors = refused(failure);
            let status = errors.status();
            let situation = Situation {
                errors,
                ..Situation::default()
            };
            (status, sign_in_page(&form, &situation)).into_response()
        }
    }
}

/// `POST /sign-out`
pub async fn sign_out(State(app): State<App>, sent: Result<Sent<ConsoleUser>, Response>) -> Result<Response, Problem> {
    sign_out::sign_out(&app, sent).await
}

fn refused(failure: Failure) -> Errors {
    match failure {
        Failure::Unauthenticated => {
            let detail = "E-mail address or password is wrong.";
            Problem::new(StatusCode::UNAUTHORIZED, "unauthenticated", detail).into()
        }
        failure => failure.into(),
    }
}

fn sign_in_page(form: &Form, situation: &Situation<'_>) -> Markup {
    let Situation { errors, held, groups } = situation;
    let body = html! {
        h1 { "Sign in" }
        @if *held {
            p.notice role="status" { "Your session has ended. Sign in again to go on; what you entered has been kept." }
        }
        (errors.summary(&[]))
        form.narrow method="post" action="/sign-in" {
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
            @if !groups.is_empty() {
                p.notice role="status" { "You are a user of several groups. Choose one, and enter your password once more." }
                (Field { name: "group", label: "Group", ..Field::default() }.select(&options(groups), errors))
            }
            button type="submit" { "Sign in" }
        }
        p { a href="/forgot-password" { "Forgotten your password?" } }
        p { "Are you a developer? " a href="/portal" { "Go to the Developer Portal" } "." }
    };
    page(&Shell::console(), "Sign in", &body)
}

fn options(groups: &[(GroupId, Label)]) -> Vec<(&str, &str)> {
    groups.iter().map(|(id, name)| (id.as_str(), name.as_str())).collect()
}
