//! Labels and markup that several pages of the portal share.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use gatebook_aggregates::identifiers::AppId;
use gatebook_aggregates::integration_app::Status;
use gatebook_aggregates::refusal::Refusal;
use gatebook_projections::groups::GroupRow;
use maud::{Markup, html};

use crate::application::Failure;
use crate::web::error::Problem;
use crate::web::pages::current_user::PortalUser;
use crate::web::pages::form::Form;
use crate::web::pages::form_errors::Errors;
use crate::web::pages::layout::{Shell, page};

/// An application's status as a badge.
pub fn status_badge(status: Status) -> Markup {
    html! {
        @match status {
            Status::Active => span.badge.good { "Active" },
            Status::Suspended => span.badge.warn { "Suspended" },
            Status::Revoked => span.badge.bad { "Revoked" },
        }
    }
}

/// A notice if the plan or the status keeps the application from working.
pub fn status_notice(status: Status, group: &GroupRow) -> Markup {
    html! {
        @if !group.customer.product_plan.has_integration_apps() {
            div.notice.warn role="note" {
                p {
                    "The group " bdi { (group.customer.name.as_str()) } " is currently not on the AIQ3 product plan. Until \
                    it is back, tokens are refused, and nothing can be verified or generated. Ask the group’s \
                    Integration Admin."
                }
            }
        }
        @match status {
            Status::Active => {},
            Status::Suspended => div.notice.warn role="note" {
                p { "This application is suspended: its tokens and secrets do not work until it is resumed. Ask the \
                     group’s Integration Admin." }
            },
            Status::Revoked => div.notice.bad role="note" {
                p { "This application has been permanently revoked: its tokens and secrets no longer work. If the \
                     integration is still needed, ask the group’s Integration Admin to create a new application." }
            },
        }
    }
}

/// The messages after an action, and the words in the address that select them.
const DONE: [(&str, &str); 4] = [
    (
        "verified",
        "The application is verified. Choose Show Credentials for its ClientId and ClientSecret.",
    ),
    (
        "retired",
        "The client secret has been retired. It no longer works, and neither do the tokens that were issued for it.",
    ),
    ("ended", "The session has been ended."),
    (
        "link-sent",
        "We have sent you an e-mail with a link to choose a new password.",
    ),
];

/// The message that the address selects, if any.
pub fn done(query: &Form) -> Markup {
    let message = DONE.iter().find(|(word, _)| *word == query.text("done"));
    html! { @if let Some((_, sentence)) = message { div.notice.good role="status" { p { (sentence) } } } }
}

/// The error of a code that was entered in `field`, with the number of tries left.
pub fn mistyped(field: &str, failure: Failure) -> Errors {
    let wrong = match &failure {
        Failure::OtpWrong { .. } => Some("otp_wrong"),
        Failure::CodeWrong { .. } => Some("code_wrong"),
        failure if failure.is_refused_with(&Refusal::CodeExpired) => Some("code_expired"),
        _ => None,
    };
    match wrong {
        Some(code) => {
            let message = Problem::from(failure);
            let mut beside = Problem::field(field, code, &message.detail);
            beside.status = message.status;
            beside.into()
        }
        None => failure.into(),
    }
}

fn tab(href: &str, title: &str, current: bool) -> Markup {
    html! { li { a href=(href) aria-current=[current.then_some("page")] { (title) } } }
}

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

/// A failure as a page of its own. If the application is not, or no longer, the developer's, the page says what to do.
pub fn failed(user: &PortalUser, app_id: AppId, failure: Failure) -> Response {
    match failure.refusal() {
        Some(Refusal::NotFound) => gone(user),
        Some(Refusal::OtpVerificationNeeded) => verify_first(user, app_id),
        _ => Problem::from(failure).into_response(),
    }
}

fn gone(user: &PortalUser) -> Response {
    let body = html! {
        h1 { "This application is not assigned to you" }
        div.notice.bad role="alert" {
            p { "If you used it before, an Integration Admin has revoked your access or assigned it to somebody else." }
        }
        p { "Ask the group’s Integration Admin. They can register you again under Manage Developer Portal Access." }
        p { a.button href="/portal" { "Home" } }
    };
    (
        StatusCode::NOT_FOUND,
        page(&Shell::from(user), "Not assigned to you", &body),
    )
        .into_response()
}

fn verify_first(user: &PortalUser, app_id: AppId) -> Response {
    let body = html! {
        h1 { "OTP Verification Needed" }
        div.notice.warn role="alert" { p { "Verify this application with its one-time password first." } }
        p { a.button href={ "/portal/apps/" (app_id) "/verify" } { "Verify" } " " a.button.plain href="/portal" { "Home" } }
    };
    let page = page(&Shell::from(user), "OTP Verification Needed", &body);
    (StatusCode::FORBIDDEN, page).into_response()
}
