//! R13: the page that shows an OTP once, with its end and the instructions for the developer.

use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::app_list::Link;
use maud::{Markup, html};

use crate::application::{AppView, Verification};
use crate::web::pages::console::applications::shared::{app_path, page_of_app};
use crate::web::pages::copy;
use crate::web::pages::current_user::ConsoleUser;
use crate::web::pages::definition_list::fact;
use crate::web::pages::times::{left, moment};

/// What has been done, as the page with the OTP says it.
pub struct Confirmation {
    pub title: &'static str,
    pub message: &'static str,
    /// What was sent to the developer by e-mail.
    pub mail: &'static str,
}

impl Confirmation {
    /// R13: a linked developer is invited, or notified if they already have an account.
    pub fn linked(view: &AppView, title: &'static str, message: &'static str) -> Self {
        let mail = match view.app().link {
            Link::Invited => "An invite to the Developer Portal",
            _ => "A notification",
        };
        Self { title, message, mail }
    }
}

pub fn shown(
    user: &ConsoleUser,
    view: &AppView,
    confirmation: &Confirmation,
    verification: Option<&Verification>,
    now: Timestamp,
) -> Markup {
    let app = view.app();
    let Confirmation { title, message, mail } = confirmation;
    let body = html! {
        h1 { (title) }
        div.notice.good role="status" {
            p { bdi { (app.name.as_str()) } ": " (message) }
            @if let Some(email) = &app.developer_email {
                p { (mail) " is on its way to " bdi { (email.as_str()) } ". It does not contain the OTP." }
            }
        }
        @match verification {
            Some(verification) => (otp(verification, now)),
            None => (gone(view)),
        }
        div.actions {
            a.button href=(app_path(app.app_id, "")) { "Go to the application" }
            " " a.button.plain href=(app_path(app.app_id, "/developer")) { "Manage Developer Portal Access" }
        }
    };
    page_of_app(user, view, title, &body)
}

fn otp(verification: &Verification, now: Timestamp) -> Markup {
    let valid_for = left(verification.expires_at, now).unwrap_or_default();
    html! {
        h2 { "Verification" }
        p {
            "The developer needs this one-time password (OTP) to verify the application. It is shown only once. Copy \
             the instructions and pass them on by SMS, messenger or phone, not by e-mail."
        }
        dl.facts {
            (fact("One-time password (OTP)", &html! { code.otp { (verification.otp) } }))
            (fact("Valid until", &html! { (moment(verification.expires_at)) " (" (valid_for) ")" }))
        }
        div.field {
            label for="instructions" { "Instructions for the developer" }
            textarea id="instructions" rows="8" readonly { (verification.instructions) }
            (copy::button("instructions"))
        }
    }
}

/// The notice when the same form is sent again after the OTP can no longer be shown.
fn gone(view: &AppView) -> Markup {
    html! {
        div.notice.warn role="note" {
            p { "The one-time password (OTP) has already been shown, and cannot be shown again." }
            p {
                "If you did not pass it on, create a new one with Reset OTP under "
                a href=(app_path(view.app().app_id, "/developer")) { "Manage Developer Portal Access" } "."
            }
        }
    }
}
