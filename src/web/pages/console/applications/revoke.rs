//! Revoke: ends an application, after a confirmation that names what will stop (R27).

use axum::extract::State;
use axum::response::Response;
use gatebook_aggregates::identifiers::AppId;
use maud::{Markup, html};

use crate::application::{AppView, StatusChange};
use crate::web::error::Problem;
use crate::web::extract::PathOf;
use crate::web::pages::components::notice::{self, Kind};
use crate::web::pages::console::applications::confirm_page::ConfirmPage;
use crate::web::pages::console::applications::labels;
use crate::web::pages::current_user::{ConsoleUser, SignedIn};
use crate::web::pages::form::SubmittedForm;
use crate::web::service::Service;

const REVOKE: ConfirmPage = ConfirmPage {
    page: "/revoke",
    title: "Revoke",
    yes: "Yes, revoke it permanently",
    class: "danger solid",
    change: StatusChange::Revoke,
    done: "revoked",
    message: what_stops,
};

/// `GET /integration-applications/{id}/revoke`
pub async fn ask(
    State(service): State<Service>,
    SignedIn(user): SignedIn<ConsoleUser>,
    PathOf(id): PathOf<AppId>,
) -> Result<Markup, Problem> {
    REVOKE.ask(&service, &user, id).await
}

/// `POST /integration-applications/{id}/revoke`
pub async fn revoke(
    State(service): State<Service>,
    PathOf(id): PathOf<AppId>,
    submitted: SubmittedForm<ConsoleUser>,
) -> Result<Response, Problem> {
    REVOKE.answer(&service, submitted, id).await
}

fn what_stops(view: &AppView) -> Markup {
    let app = view.app();
    html! {
        (notice::note(Kind::Bad, &html! {
            p { strong { "This cannot be undone." } " All integrations that use this application stop at once:" }
            ul.bullets {
                li { "its access tokens are refused, and it gets no new ones;" }
                li { "its client secrets stop working;" }
                @if let Some(email) = &app.developer_email {
                    li {
                        "the developer " bdi { (email.as_str()) } " is notified by e-mail and sees in the Developer Portal \
                        that it was revoked; an open invite or OTP stops working;"
                    }
                }
                @if !app.integration_type.has_outside_developer() { li { "our team stops running it;" } }
                li { "it loses access to its entities: " (entities(view)) "." }
            }
            p { "Its name cannot be used again, and its activity log is kept. To stop it only for a while, suspend it \
                 instead." }
        }))
    }
}

/// Up to ten entities by name, more as a number.
fn entities(view: &AppView) -> Markup {
    let names: Vec<_> = view.entities().map(|(_, name)| name.as_str()).collect();
    html! {
        @if names.is_empty() {
            "none"
        } @else if names.len() > 10 {
            (labels::entities(names.len()))
        } @else {
            @for (i, name) in names.iter().enumerate() { @if i > 0 { ", " } bdi { (name) } }
        }
    }
}
