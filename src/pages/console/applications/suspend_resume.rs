//! Suspend and resume: stopping an application for a while (R27).

use axum::extract::State;
use axum::response::Response;
use gatebook_aggregates::identifiers::AppId;
use maud::{Markup, html};

use super::question::Question;
use crate::http::error::Problem;
use crate::http::extract::{App, PathOf};
use crate::pages::form::Sent;
use crate::pages::visitor::{ConsoleUser, SignedIn};

const SUSPEND: Question = Question {
    page: "/suspend",
    title: "Suspend",
    yes: "Suspend",
    class: "danger",
    stops: true,
    done: "suspended",
    told: |_| {
        html! {
            p { "Its access tokens are refused from now on, and it gets no new ones, until you resume it. Its credentials, \
                its developer and its entities stay as they are." }
        }
    },
};

const RESUME: Question = Question {
    page: "/resume",
    title: "Resume",
    yes: "Resume",
    class: "",
    stops: false,
    done: "resumed",
    told: |_| html! { p { "It can open its entities again, with the credentials that it has." } },
};

/// `GET /integration-applications/{id}/suspend`
pub async fn ask_suspend(
    State(app): State<App>,
    SignedIn(user): SignedIn<ConsoleUser>,
    PathOf(id): PathOf<AppId>,
) -> Result<Markup, Problem> {
    SUSPEND.ask(&app, &user, id).await
}

/// `POST /integration-applications/{id}/suspend`
pub async fn suspend(
    State(app): State<App>,
    PathOf(id): PathOf<AppId>,
    sent: Sent<ConsoleUser>,
) -> Result<Response, Problem> {
    let act = async |user: &ConsoleUser, pin, key: Option<_>, reason| {
        let done = app.suspend_app(user.caller(), id, pin, key.as_ref(), reason).await;
        done.map(|(view, _)| view)
    };
    SUSPEND.answer(&app, sent, id, act).await
}

/// `GET /integration-applications/{id}/resume`
pub async fn ask_resume(
    State(app): State<App>,
    SignedIn(user): SignedIn<ConsoleUser>,
    PathOf(id): PathOf<AppId>,
) -> Result<Markup, Problem> {
    RESUME.ask(&app, &user, id).await
}

/// `POST /integration-applications/{id}/resume`
pub async fn resume(
    State(app): State<App>,
    PathOf(id): PathOf<AppId>,
    sent: Sent<ConsoleUser>,
) -> Result<Response, Problem> {
    let act = async |user: &ConsoleUser, pin, key: Option<_>, reason| {
        let done = app.resume_app(user.caller(), id, pin, key.as_ref(), reason).await;
        done.map(|(view, _)| view)
    };
    RESUME.answer(&app, sent, id, act).await
}
