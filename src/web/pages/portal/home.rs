//! The portal's home page: the applications to verify, and the verified ones.

use axum::extract::State;
use gatebook_aggregates::attention::Attention;
use gatebook_aggregates::integration_app::{OtpState, Status};
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::groups::GroupRow;
use gatebook_projections::portal_apps::PortalAppRow;
use maud::{Markup, html};

use crate::application::PortalHome;
use crate::web::error::Problem;
use crate::web::pages::components::head::PageHead;
use crate::web::pages::components::status::{Tone, of_app, status};
use crate::web::pages::current_user::{PortalUser, SignedIn};
use crate::web::pages::layout::{Shell, page};
use crate::web::pages::portal::waiting;
use crate::web::pages::times;
use crate::web::service::Service;

/// `GET /portal`
pub async fn show(State(service): State<Service>, SignedIn(user): SignedIn<PortalUser>) -> Result<Markup, Problem> {
    let home = service.portal_home(user.caller()).await?;
    let count = home.otp_verification_needed.len() + home.apps.len();
    let body = html! {
        (PageHead {
            title: html! { "Your applications" },
            under: html! {
                p.under {
                    @match count {
                        0 => "Everything that your integrations need to connect",
                        1 => "1 application",
                        count => { (count) " applications" },
                    }
                }
            },
            ..PageHead::default()
        }.show())
        @if count == 0 { (nothing_yet()) }
        @else { (lists(&home, service.clock.now())) }
    };
    Ok(page(&Shell::from(&user).at("/portal"), "Home", &body))
}

fn nothing_yet() -> Markup {
    html! {
        div.empty {
            h2 { "No applications are assigned to you at the moment." }
            p { "An Integration Admin can assign one by registering your e-mail address for it. If you saw one here \
                 before, your access has been revoked; ask the Integration Admin." }
        }
    }
}

fn lists(home: &PortalHome, now: Timestamp) -> Markup {
    html! {
        (waiting::list(home, now))
        @if !home.otp_verification_needed.is_empty() {
            section.section aria-labelledby="waiting" {
                div.section-head {
                    h2 #waiting { "OTP Verification Needed" span { (home.otp_verification_needed.len()) } }
                    p.third { "the Integration Admin gives you the one-time password by SMS, messenger or phone" }
                }
                ul.entries.attention {
                    @for (app, group) in &home.otp_verification_needed { (unverified(app, group, now)) }
                }
            }
        }
        @if !home.apps.is_empty() {
            section.section aria-labelledby="applications" {
                div.section-head { h2 #applications { "Verified" span { (home.apps.len()) } } }
                ul.tiles { @for (app, group) in &home.apps { (verified(app, group)) } }
            }
        }
    }
}

fn unverified(app: &PortalAppRow, group: &GroupRow, now: Timestamp) -> Markup {
    let verify = format!("/portal/apps/{}/verify", app.app_id);
    let left = app.otp_expires_at.and_then(|until| times::left(until, now));
    let state = (app.status, app.otp_state(now));
    html! {
        li {
            @match state {
                (Status::Suspended | Status::Revoked, _) => (of_app(app.status)),
                (_, Some(OtpState::Locked)) => (status(Tone::Bad, Attention::OtpLocked.title())),
                (_, Some(OtpState::Expired)) => (status(Tone::Warn, Attention::OtpExpired.title())),
                _ => (status(Tone::Wait, "To be verified")),
            }
            div {
                a.name.quiet href=(verify) { bdi { (app.name.as_str()) } }
                p.detail { bdi { (group.customer.name.as_str()) } }
                @match state {
                    (Status::Suspended | Status::Revoked, _) => {},
                    (_, Some(OtpState::Locked)) => p.detail { "The one-time password is locked. Ask the Integration Admin to choose Reset OTP." },
                    (_, Some(OtpState::Expired)) => p.detail { "The one-time password has expired. Ask the Integration Admin to choose Reset OTP." },
                    (_, Some(OtpState::Valid)) => @if let Some(left) = left { p.detail { "Time left to verify: " (left) } },
                    (_, None) => {},
                }
            }
            @if matches!(state, (Status::Active, Some(OtpState::Valid))) {
                a.button.small.primary href=(verify) { "Enter OTP" span.unseen { " for " (app.name.as_str()) } }
            } @else { span {} }
        }
    }
}

fn verified(app: &PortalAppRow, group: &GroupRow) -> Markup {
    html! {
        li.tile {
            div.tile-head {
                h3 { a href={ "/portal/apps/" (app.app_id) } { bdi { (app.name.as_str()) } } }
                (of_app(app.status))
            }
            p.second { bdi { (group.customer.name.as_str()) } }
            p.lines { bdi { (app.description.as_str()) } }
        }
    }
}
