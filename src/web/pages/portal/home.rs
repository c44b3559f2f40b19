//! The portal's home page: tiles for the applications to verify, and for the verified ones.

use axum::extract::State;
use gatebook_aggregates::integration_app::{OtpState, Status};
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::groups::GroupRow;
use gatebook_projections::portal_apps::PortalAppRow;
use maud::{Markup, html};

use crate::application::PortalHome;
use crate::web::error::Problem;
use crate::web::pages::current_user::{PortalUser, SignedIn};
use crate::web::pages::layout::{Shell, page};
use crate::web::pages::portal::labels::status_badge;
use crate::web::pages::portal::waiting;
use crate::web::pages::times;
use crate::web::service::Service;

/// `GET /portal`
pub async fn show(State(service): State<Service>, SignedIn(user): SignedIn<PortalUser>) -> Result<Markup, Problem> {
    let home = service.portal_home(user.caller()).await?;
    let body = html! {
        h1 { "Developer Portal" }
        @if home.otp_verification_needed.is_empty() && home.apps.is_empty() { (nothing_yet()) }
        @else { (tiles(&home, service.clock.now())) }
    };
    Ok(page(&Shell::from(&user), "Home", &body))
}

fn nothing_yet() -> Markup {
    html! {
        div.notice {
            p { "No applications are assigned to you at the moment." }
            p { "An Integration Admin can assign one by registering your e-mail address for it. If you saw one here \
                 before, your access has been revoked; ask the Integration Admin." }
        }
    }
}

fn tiles(home: &PortalHome, now: Timestamp) -> Markup {
    html! {
        (waiting::list(home, now))
        @if !home.otp_verification_needed.is_empty() {
            section aria-labelledby="waiting" {
                h2 #waiting { "OTP Verification Needed" }
                ul.tiles { @for (app, group) in &home.otp_verification_needed { (unverified(app, group, now)) } }
            }
        }
        @if !home.apps.is_empty() {
            section aria-labelledby="applications" {
                h2 #applications { "Your applications" }
                ul.tiles { @for (app, group) in &home.apps { (verified(app, group)) } }
            }
        }
    }
}

fn unverified(app: &PortalAppRow, group: &GroupRow, now: Timestamp) -> Markup {
    let left = app.otp_expires_at.and_then(|until| times::left(until, now));
    html! {
        li.tile {
            a href={ "/portal/apps/" (app.app_id) "/verify" } { bdi { (app.name.as_str()) } }
            span.detail { bdi { (group.customer.name.as_str()) } }
            @match (app.status, app.otp_state(now)) {
                (Status::Suspended, _) => (status_badge(app.status)),
                (_, Some(OtpState::Locked)) => span { "The one-time password is locked. Ask the Integration Admin to choose Reset OTP." },
                (_, Some(OtpState::Expired)) => span { "The one-time password has expired. Ask the Integration Admin to choose Reset OTP." },
                (_, Some(OtpState::Valid)) => @if let Some(left) = left { span { "Time left to verify: " (left) } },
                (_, None) => {},
            }
        }
    }
}

fn verified(app: &PortalAppRow, group: &GroupRow) -> Markup {
    html! {
        li.tile {
            a href={ "/portal/apps/" (app.app_id) } { bdi { (app.name.as_str()) } }
            span.detail { bdi { (group.customer.name.as_str()) } }
            (status_badge(app.status))
        }
    }
}
