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
use crate::web::pages::components::head;
use crate::web::pages::components::notice::{self, Kind};
use crate::web::pages::components::tabs::{self, Tab};
use crate::web::pages::current_user::PortalUser;
use crate::web::pages::form::Form;
use crate::web::pages::form_errors::Errors;
use crate::web::pages::layout::{Shell, page};

/// A notice if the plan or the status keeps the application from working.
pub fn status_notice(status: Status, group: &GroupRow) -> Markup {
    html! {
           @if !group.customer.product_plan.has_integration_apps() {
               (notice::note(Kind::Warn, &html! {
                   p {
                       "The group " bdi { (group.customer.name.as_str()) } " is currently not on the AIQ3 product plan. Until \
                       it is back, tokens are refused, and nothing can be verified or generated. Ask the group’s \
                       Integration Admin."
                   }
               }))
           }
           @match status {
               Status::Active => {},
               Status::Suspended => (notice::note(Kind::Warn, &html! {
                   p { "This application is suspended: its tokens and secrets do not work until it is resumed. Ask the \
                        group’s Integration Admin." }
    })),
               Status::Revoked => (notice::note(Kind::Bad, &html! {
                   p { "This application has been permanently revoked: its tokens and secrets no longer work. If the \
                        integration is still needed, ask the group’s Integration Admin to create a new application." }
    })),
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
    html! { @if let Some((_, sentence)) = message { (notice::told(Kind::Good, &html! { p { (sentence) } })) } }
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

/// The tabs of an application.
pub fn tabs(app_id: AppId, name: &str, entities: bool) -> Markup {
    let details = format!("/portal/apps/{app_id}");
    let tab = |title, href, current| Tab {
        title,
        href,
        count: String::new(),
        current,
    };
    let all = [
        tab("Details", details.clone(), !entities),
        tab("Entities Assigned", format!("{details}/entities"), entities),
    ];
    tabs::tabs(name, &all)
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
        (head::title(&html! { "This application is not assigned to you" }))
        (notice::alert(Kind::Bad, &html! {
            p { "If you used it before, an Integration Admin has revoked your access or assigned it to somebody else." }
        }))
        p { "Ask the group’s Integration Admin. They can register you again under Manage Developer Portal Access." }
        p { a.button.primary href="/portal" { "Home" } }
    };
    (
        StatusCode::NOT_FOUND,
        page(&Shell::from(user), "Not assigned to you", &body),
    )
        .into_response()
}

fn verify_first(user: &PortalUser, app_id: AppId) -> Response {
    let body = html! {
        (head::title(&html! { "OTP Verification Needed" }))
        (notice::alert(Kind::Warn, &html! { p { "Verify this application with its one-time password first." } }))
        p { a.button.primary href={ "/portal/apps/" (app_id) "/verify" } { "Verify" } " " a.button href="/portal" { "Home" } }
    };
    let page = page(&Shell::from(user), "OTP Verification Needed", &body);
    (StatusCode::FORBIDDEN, page).into_response()
}
