//! Suspend and resume: stops an application temporarily (R27).

use axum::extract::State;
use axum::response::Response;
use gatebook_aggregates::identifiers::AppId;
use maud::{Markup, html};

use crate::application::StatusChange;
use crate::web::error::Problem;
use crate::web::extract::PathOf;
use crate::web::pages::console::applications::confirm_page::ConfirmPage;
use crate::web::pages::current_user::{ConsoleUser, SignedIn};
use crate::web::pages::form::SubmittedForm;
use crate::web::service::Service;

const SUSPEND: ConfirmPage = ConfirmPage {
    page: "/suspend",
    title: "Suspend",
    yes: "Suspend",
    class: "primary",
    change: StatusChange::Suspend,
    done: "suspended",
    message: |_| {
        html! {
            p { "Its access tokens are refused, and it gets no new ones, until you resume it. Its credentials, \
                 developer and entities stay as they are." }
        }
    },
};

const RESUME: ConfirmPage = ConfirmPage {
    page: "/resume",
    title: "Resume",
    yes: "Resume",
    class: "primary",
    change: StatusChange::Resume,
    done: "resumed",
    message: |_| html! { p { "It gets access to its entities again, with the credentials that it already has." } },
};

/// `GET /integration-applications/{id}/suspend`
pub async fn ask_suspend(
    State(service): State<Service>,
    SignedIn(user): SignedIn<ConsoleUser>,
    PathOf(id): PathOf<AppId>,
) -> Result<Markup, Problem> {
    SUSPEND.ask(&service, &user, id).await
}

/// `POST /integration-applications/{id}/suspend`
pub async fn suspend(
    State(service): State<Service>,
    PathOf(id): PathOf<AppId>,
    submitted: SubmittedForm<ConsoleUser>,
) -> Result<Response, Problem> {
    SUSPEND.answer(&service, submitted, id).await
}

/// `GET /integration-applications/{id}/resume`
pub async fn ask_resume(
    State(service): State<Service>,
    SignedIn(user): SignedIn<ConsoleUser>,
    PathOf(id): PathOf<AppId>,
) -> Result<Markup, Problem> {
    RESUME.ask(&service, &user, id).await
}

/// `POST /integration-applications/{id}/resume`
pub async fn resume(
    State(service): State<Service>,
    PathOf(id): PathOf<AppId>,
    submitted: SubmittedForm<ConsoleUser>,
) -> Result<Response, Problem> {
    RESUME.answer(&service, submitted, id).await
}
