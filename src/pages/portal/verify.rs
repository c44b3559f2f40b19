//! R17: Verify an application with its one-time password.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use gatebook_aggregates::identifiers::AppId;
use gatebook_projections::app_list::Link;
use gatebook_projections::groups::GroupRow;
use gatebook_projections::portal_apps::PortalAppRow;
use maud::{Markup, html};

use super::words::{failed, status_notice};
use crate::application::Failure;
use crate::http::extract::{App, PathOf};
use crate::pages::attempt::Errors;
use crate::pages::form::{Form, Sent};
use crate::pages::inputs::Field;
use crate::pages::layout::{Shell, page};
use crate::pages::times;
use crate::pages::visitor::{PortalUser, SignedIn};

/// `GET /portal/apps/{id}/verify`
pub async fn show(
    State(app): State<App>,
    SignedIn(user): SignedIn<PortalUser>,
    PathOf(app_id): PathOf<AppId>,
) -> Response {
    let shown = verify_page(&app, &user, app_id, &Form::default(), &Errors::default()).await;
    shown.unwrap_or_else(|failure| failed(&user, failure))
}

/// `POST /portal/apps/{id}/verify`
pub async fn submit(
    State(app): State<App>,
    PathOf(app_id): PathOf<AppId>,
    Sent { visitor: user, form }: Sent<PortalUser>,
) -> Response {
    if form.is_to_be_shown_again() {
        let shown = verify_page(&app, &user, app_id, &form, &Errors::default()).await;
        return shown.unwrap_or_else(|failure| failed(&user, failure));
    }
    match app.verify_otp(user.caller(), app_id, form.text("otp")).await {
        Ok(()) => Redirect::to(&format!("/portal/apps/{app_id}")).into_response(),
        Err(failure) => {
            let errors = Errors::from(failure);
            let shown = verify_page(&app, &user, app_id, &Form::default(), &errors).await;
            shown.unwrap_or_else(|failure| failed(&user, failure))
        }
    }
}

async fn verify_page(
    app: &App,
    user: &PortalUser,
    app_id: AppId,
    form: &Form,
    errors: &Errors,
) -> Result<Response, Failure> {
    let (row, group) = app.portal_application(user.caller(), app_id).await?;
    if row.link == Link::Verified {
        return Ok(Redirect::to(&format!("/portal/apps/{app_id}")).into_response());
    }
    let body = html! {
        h1 { "Verify " bdi { (row.name.as_str()) } }
        (status_notice(row.status))
        (errors.summary(&["otp"]))
        (facts(&row, &group))
        (otp_state(app, &row))
        form.narrow method="post" action={ "/portal/apps/" (app_id) "/verify" } {
            (crate::pages::form::token(&user.session.form_token))
            (Field {
                name: "otp", label: "One-Time Password (OTP)", value: form.text("otp"), autocomplete: "one-time-code",
                hint: "Eight characters, such as K7QM-2F9D. Small letters and a missing dash are fine.",
                ..Field::default()
            }.input(errors))
            button type="submit" { "Verify" }
        }
    };
    Ok((errors.status(), page(&Shell::from(user), "Verify", &body)).into_response())
}

fn facts(row: &PortalAppRow, group: &GroupRow) -> Markup {
    html! {
        dl.facts {
            dt { "Group" } dd { bdi { (group.customer.name.as_str()) } }
            dt { "Description" } dd { bdi { (row.description.as_str()) } }
        }
    }
}

fn otp_state(app: &App, row: &PortalAppRow) -> Markup {
    let left = row.otp_expires_at.and_then(|until| times::left(until, app.clock.now()));
    let dead = match (row.otp_attempts_left, &left) {
        (Some(0), _) => Some("The one-time password is locked after too many wrong tries."),
        (_, None) => Some("The one-time password has expired."),
        _ => None,
    };
    html! {
        @match (dead, left) {
            (Some(dead), _) => div.notice.warn role="status" {
                p { (dead) " Ask the Integration Admin who gave it to you to choose Reset OTP, and to send you the new one." }
            },
            (None, Some(left)) => p {
                "The Integration Admin gives you the one-time password by another channel than e-mail, such as SMS or a \
                 phone call. Time left: " (left) "."
            },
            (None, None) => {},
        }
    }
}
