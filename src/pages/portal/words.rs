//! Words and parts that several pages of the portal share.

use axum::response::{IntoResponse, Response};
use gatebook_aggregates::identifiers::AppId;
use gatebook_aggregates::integration_app::Status;
use gatebook_aggregates::refusal::Refusal;
use maud::{Markup, html};

use crate::application::Failure;
use crate::http::error::Problem;
use crate::log::CommandError;
use crate::pages::attempt::Errors;
use crate::pages::layout::{Shell, page};
use crate::pages::visitor::PortalUser;

/// Whether an application runs, as a badge.
pub fn status_badge(status: Status) -> Markup {
    html! {
        @match status {
            Status::Active => span.badge.good { "Active" },
            Status::Suspended => span.badge.warn { "Suspended" },
            Status::Revoked => span.badge.bad { "Revoked" },
        }
    }
}

/// What a status means for the developer, if it means something.
pub fn status_notice(status: Status) -> Markup {
    html! {
        @match status {
            Status::Active => {},
            Status::Suspended => div.notice.warn role="status" {
                p { "This application is suspended: its tokens and secrets do not work until an Integration Admin resumes it." }
            },
            Status::Revoked => div.notice.bad role="status" {
                p { "This application was revoked for ever: its tokens and secrets no longer work." }
            },
        }
    }
}

/// A link of the tabs of an application.
fn tab(href: &str, title: &str, current: bool) -> Markup {
    html! { li { a href=(href) aria-current=[current.then_some("page")] { (title) } } }
}

/// The tabs of an application.
pub fn tabs(app_id: AppId, entities: bool) -> Markup {
    let details = format!("/portal/apps/{app_id}");
    html! {
        nav.tabs aria-label="Application" {
            ul {
                (tab(&details, "Details", !entities))
                (tab(&format!("{details}/entities"), "Entities Assigned", entities))
            }
        }
    }
}

/// A failure that is told on a page of its own; an application that is not the developer's (any more) with what to do.
pub fn failed(user: &PortalUser, failure: Failure) -> Response {
    match failure {
        Failure::Command(CommandError::Refused(Refusal::NotFound)) => gone(user),
        Failure::Command(CommandError::Refused(Refusal::OtpVerificationNeeded)) => verify_first(user),
        failure => Problem::from(failure).into_response(),
    }
}

fn gone(user: &PortalUser) -> Response {
    let body = html! {
        h1 { "This application is not assigned to you" }
        div.notice.bad role="alert" {
            p { "If you worked with it before, an Integration Admin has revoked your access or assigned it to somebody else." }
        }
        p { "Ask the Integration Admin of the group that the application belongs to. They can register you again under \
             Manage Developer Portal Access." }
        p { a.button href="/portal" { "Home" } }
    };
    let status = Errors::from(Problem::not_found()).status();
    (status, page(&Shell::from(user), "Not assigned to you", &body)).into_response()
}

fn verify_first(user: &PortalUser) -> Response {
    let body = html! {
        h1 { "OTP Verification Needed" }
        div.notice.warn role="alert" { p { "Verify this application with its one-time password first." } }
        p { a.button href="/portal" { "Home" } }
    };
    let status = axum::http::StatusCode::FORBIDDEN;
    (status, page(&Shell::from(user), "OTP Verification Needed", &body)).into_response()
}
