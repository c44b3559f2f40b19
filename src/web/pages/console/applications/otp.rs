//! R13: what is shown once: the OTP, how long it is valid, and what to send to the developer.

use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::app_list::Link;
use maud::{Markup, html};

use crate::application::{AppView, Verification};
use crate::web::pages::console::applications::shared::{app_path, page_of_app};
use crate::web::pages::copy;
use crate::web::pages::current_user::ConsoleUser;
use crate::web::pages::definition_list::fact;
use crate::web::pages::times::{left, moment};

/// What has happened, for the page that shows an OTP.
pub struct Confirmation {
    /// The heading.
    pub title: &'static str,
    /// The sentence.
    pub message: &'static str,
    /// What was mailed to the developer.
    pub mail: &'static str,
}

impl Confirmation {
    /// R13: a developer was linked, who is invited, or notified when they have an account.
    pub fn linked(view: &AppView, title: &'static str, message: &'static str) -> Self {
        let mail = match view.app().link {
            Link::Invited => "An invite to the Developer Portal",
            _ => "A notification",
        };
        Self { title, message, mail }
    }
}

/// The page that shows an OTP.
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
                p { (mail) " is mailed to " bdi { (email.as_str()) } ". The mail does not contain the OTP." }
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
            "The developer verifies the application with this one-time password (OTP). It is shown only now. Copy the \
            instructions, and send them by another way than e-mail: by SMS, messenger or phone."
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

/// The same form was sent again when the OTP could no longer be shown.
fn gone(view: &AppView) -> Markup {
    html! {
        div.notice.warn role="note" {
            p { "The one-time password (OTP) was shown before, and is not shown again." }
            p {
                "If you did not pass it on, make a new one with Reset OTP under "
                a href=(app_path(view.app().app_id, "/developer")) { "Manage Developer Portal Access" } "."
            }
        }
    }
}
