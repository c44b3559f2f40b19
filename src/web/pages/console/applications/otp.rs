//! R13: the page that shows an OTP once, with its end and the instructions for the developer.

use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::app_list::Link;
use maud::{Markup, html};

use crate::application::{AppView, Verification};
use crate::web::pages::components::head::{self, section};
use crate::web::pages::components::notice::{self, Kind};
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
        (head::title(&html! { (title) }))
        (notice::told(Kind::Good, &html! {
            p { bdi { (app.name.as_str()) } ": " (message) }
            @if let Some(email) = &app.developer_email {
                p { (mail) " is on its way to " bdi { (email.as_str()) } ". It does not contain the OTP." }
            }
        }))
        @match verification {
            Some(verification) => (otp(view, verification, now)),
            None => (gone(view)),
        }
        div.form-end {
            a.button.primary href=(app_path(app.app_id, "")) { "Go to the application" }
            " " a.button href=(app_path(app.app_id, "/developer")) { "Manage Developer Portal Access" }
        }
    };
    page_of_app(user, view, title, &body)
}

/// What the admin does, and, apart from it, what is for the developer: exactly that is copied.
fn otp(view: &AppView, verification: &Verification, now: Timestamp) -> Markup {
    let valid_for = left(verification.expires_at, now).unwrap_or_default();
    html! {
        div.pair {
            (section("verification", "Verification", &html! { p.third { "shown only once" } }, &html! {
                dl.facts {
                    div.tall {
                        dt { "One-time password (OTP)" }
                        dd { div.otp-line { code.otp id="otp" { (verification.otp) } (copy::labelled("otp", "Copy OTP", "button small")) } }
                    }
                    (fact("Valid until", &html! { (moment(verification.expires_at)) " (" (valid_for) ")" }))
                }
                ol.steps {
                    li { b { "Copy the instructions" } " for the developer." }
                    li { b { "Send them by SMS, messenger or phone," } " not by e-mail: one mailbox must not hold both the invite and the OTP." }
                    li {
                        b { "Done." } " The developer needs the OTP to verify the application. If you lose it, "
                        a href={ (app_path(view.app().app_id, "/developer")) "#reset-otp" } { "Reset OTP" } " makes another."
                    }
                }
            }))
            section.slip aria-labelledby="theirs" {
                div.slip-head { h2 id="theirs" { "For the developer" } }
                div.field {
                    div.label-line {
                        label for="instructions" { "Instructions for the developer" }
                        span { (copy::labelled("instructions", "Copy", "button small primary")) }
                    }
                    textarea id="instructions" rows="9" readonly { (verification.instructions) }
                    p.hint { "Exactly this text is copied, and nothing that is meant for you." }
                }
            }
        }
    }
}

/// The notice when the same form is sent again after the OTP can no longer be shown.
fn gone(view: &AppView) -> Markup {
    html! {
        (notice::note(Kind::Warn, &html! {
            p { "The one-time password (OTP) has already been shown, and cannot be shown again." }
            p {
                "If you did not pass it on, create a new one with Reset OTP under "
                a href=(app_path(view.app().app_id, "/developer")) { "Manage Developer Portal Access" } "."
            }
        }))
    }
}
