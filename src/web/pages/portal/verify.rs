//! R17: verifies an application with its one-time password.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use gatebook_aggregates::identifiers::AppId;
use gatebook_aggregates::integration_app::{OtpState, Status};
use gatebook_projections::app_list::Link;
use gatebook_projections::groups::GroupRow;
use gatebook_projections::portal_apps::PortalAppRow;
use maud::{Markup, html};

use crate::application::{Failure, LinkedDeveloper};
use crate::web::error::Problem;
use crate::web::extract::PathOf;
use crate::web::pages::components::head;
use crate::web::pages::components::notice::{self, Kind};
use crate::web::pages::current_user::{PortalUser, SignedIn};
use crate::web::pages::definition_list::written;
use crate::web::pages::form::{Form, SubmittedForm};
use crate::web::pages::form_errors::Errors;
use crate::web::pages::form_token::token;
use crate::web::pages::inputs::Field;
use crate::web::pages::layout::{Shell, page};
use crate::web::pages::portal::labels::{failed, mistyped, status_notice};
use crate::web::pages::times;
use crate::web::service::Service;

/// `GET /portal/apps/{id}/verify`
pub async fn show(
    State(service): State<Service>,
    SignedIn(user): SignedIn<PortalUser>,
    PathOf(app_id): PathOf<AppId>,
) -> Response {
    let shown = verify_page(&service, &user, app_id, &Form::default(), &Errors::default()).await;
    shown.unwrap_or_else(|failure| failed(&user, app_id, failure))
}

/// `POST /portal/apps/{id}/verify`
pub async fn submit(
    State(service): State<Service>,
    PathOf(app_id): PathOf<AppId>,
    SubmittedForm { user, form }: SubmittedForm<PortalUser>,
) -> Response {
    if form.is_to_be_shown_again() {
        let shown = verify_page(&service, &user, app_id, &form, &Errors::default()).await;
        return shown.unwrap_or_else(|failure| failed(&user, app_id, failure));
    }
    let errors = match form.filled("otp") {
        Some(otp) => match verify(&service, &user, app_id, otp).await {
            Ok(()) => return Redirect::to(&format!("/portal/apps/{app_id}?done=verified")).into_response(),
            Err(failure) => mistyped("otp", failure),
        },
        None => Problem::field("otp", "required", "Enter the one-time password.").into(),
    };
    let shown = verify_page(&service, &user, app_id, &form, &errors).await;
    shown.unwrap_or_else(|failure| failed(&user, app_id, failure))
}

async fn verify(service: &Service, user: &PortalUser, app_id: AppId, otp: &str) -> Result<(), Failure> {
    let developer = service.linked_developer(user.caller(), app_id).await?;
    service.verify_otp(&developer, otp).await
}

async fn verify_page(
    service: &Service,
    user: &PortalUser,
    app_id: AppId,
    form: &Form,
    errors: &Errors,
) -> Result<Response, Failure> {
    let LinkedDeveloper { app: row, group, .. } = service.linked_developer(user.caller(), app_id).await?;
    if row.link == Link::Verified {
        return Ok(Redirect::to(&format!("/portal/apps/{app_id}")).into_response());
    }
    let dead = row.otp_state(service.clock.now()).and_then(dead);
    let opens = dead.is_none() && row.status == Status::Active;
    let body = html! {
        (head::crumbs(&[("Your applications", "/portal")]))
        (head::title(&html! { "Verify " bdi { (row.name.as_str()) } }))
        (status_notice(row.status, &group))
        (errors.summary(if opens { &["otp"] } else { &[] }))
        (facts(&row, &group))
        @match dead {
            _ if row.status == Status::Revoked => {},
            Some(dead) => (ask_for_a_new_one(dead)),
            None if opens => (otp_form(service, user, &row, form, errors)),
            None => {},
        }
    };
    let title = format!("Verify {}", row.name.as_str());
    Ok((
        errors.status(),
        page(&Shell::from(user).below("/portal"), &title, &body),
    )
        .into_response())
}

fn otp_form(service: &Service, user: &PortalUser, row: &PortalAppRow, form: &Form, errors: &Errors) -> Markup {
    let left = row
        .otp_expires_at
        .and_then(|until| times::left(until, service.clock.now()));
    html! {
        p {
            "The Integration Admin will give you the one-time password by SMS, messenger or phone, not by e-mail."
            @if let Some(left) = left { " Time left: " (left) "." }
        }
        form.fields.narrow method="post" action={ "/portal/apps/" (row.app_id) "/verify" } {
            (token(&user.session.form_token))
            (Field {
                name: "otp", label: "One-Time Password (OTP)", value: form.text("otp"), autocomplete: "one-time-code",
                hint: "Eight characters, such as K7QM-2F9D. Lower case is fine, and so is leaving out the dash.",
                ..Field::default()
            }.input(errors))
            button.button.primary type="submit" { "Verify" }
        }
    }
}

fn facts(row: &PortalAppRow, group: &GroupRow) -> Markup {
    html! {
        dl.facts {
            (written("Group", group.customer.name.as_str()))
            (written("Description", row.description.as_str()))
        }
    }
}

/// Why the OTP no longer works; none while it does.
fn dead(state: OtpState) -> Option<&'static str> {
    match state {
        OtpState::Valid => None,
        OtpState::Expired => Some("The one-time password has expired."),
        OtpState::Locked => Some("The one-time password is locked after too many wrong tries."),
    }
}

fn ask_for_a_new_one(dead: &str) -> Markup {
    html! {
        (notice::told(Kind::Warn, &html! {
            p { (dead) " Ask the Integration Admin who gave it to you to choose Reset OTP and send you the new one." }
            p { "When you have the new one, open this page again to enter it." }
        }))
    }
}
