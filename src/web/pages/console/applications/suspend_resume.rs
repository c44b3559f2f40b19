//! Suspend and resume: stops an application temporarily (R27).

use axum::extract::State;
use axum::response::Response;
use gatebook_aggregates::identifiers::AppId;
use maud::{Markup, html};

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
    class: "danger",
    stops: true,
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
    class: "",
    stops: false,
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
    let act = async |user: &ConsoleUser, pin, key: Option<_>, reason| {
        let done = service.suspend_app(user.caller(), id, pin, key.as_ref(), reason).await;
        done.map(|(view, _)| view)
    };
    SUSPEND.answer(&service, submitted, id, act).await
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
    let act = async |user: &ConsoleUser, pin, key: Option<_>, reason| {
        let done = service.resume_app(user.caller(), id, pin, key.as_ref(), reason).await;
        done.map(|(view, _)| view)
    };
    RESUME.answer(&service, submitted, id, act).await
}
