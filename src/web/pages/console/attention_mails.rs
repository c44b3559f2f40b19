//! Which e-mails about what needs attention a user wants: a section of their account's page.

use axum::extract::State;
use axum::response::Redirect;
use gatebook_aggregates::group::AttentionMails;
use maud::{Markup, html};

use crate::application::DIGEST_AT;
use crate::web::error::Problem;
use crate::web::pages::current_user::ConsoleUser;
use crate::web::pages::form::{Form, SubmittedForm};
use crate::web::pages::form_errors::Errors;
use crate::web::pages::form_token::token;
use crate::web::pages::inputs::checkbox;
use crate::web::service::Service;

/// The section, for users who may see applications.
pub fn section(user: &ConsoleUser, query: &Form) -> Markup {
    if !user.membership().reads() {
        return html! {};
    }
    let mails = user.member.user().attention_mails;
    let errors = Errors::default();
    let daily = format!(
        "Once a day, when something needs attention (at {:02}:00 UTC)",
        DIGEST_AT.num_hours()
    );
    html! {
        section.section aria-labelledby="mails" {
            div.section-head { h2 id="mails" { "E-mails about what needs attention" } }
            @if query.has("mails-saved") { div.notice.good role="status" { p { "Your choice has been saved." } } }
            form method="post" action="/account/mails" {
                (token(&user.session.form_token))
                (checkbox("daily", &daily, mails.daily, &errors))
                (checkbox("otp_locked", "At once, when an OTP is locked", mails.otp_locked, &errors))
                button.button type="submit" { "Save" }
            }
        }
    }
}

/// `POST /account/mails`
pub async fn choose(
    State(service): State<Service>,
    SubmittedForm { user, form }: SubmittedForm<ConsoleUser>,
) -> Result<Redirect, Problem> {
    if !form.is_to_be_shown_again() {
        let mails = AttentionMails {
            daily: form.has("daily"),
            otp_locked: form.has("otp_locked"),
        };
        service.choose_attention_mails(user.caller(), mails).await?;
    }
    Ok(Redirect::to("/account?mails-saved#mails"))
}
