//! New Integration Application: choose one of the two integration types.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use gatebook_projections::app_list::IntegrationType;
use maud::html;

use crate::web::error::Problem;
use crate::web::pages::console::applications::inputs::{Choice, radios};
use crate::web::pages::console::applications::labels;
use crate::web::pages::console::applications::shared::{APPS, page_below, submit};
use crate::web::pages::current_user::{ConsoleUser, SignedIn};
use crate::web::pages::form::PageQuery;
use crate::web::pages::form_errors::Errors;
use crate::web::service::Service;

const FIELD: &str = "integration_type";

/// `GET /integration-applications/new`
pub async fn show(
    State(_service): State<Service>,
    SignedIn(user): SignedIn<ConsoleUser>,
    PageQuery(query): PageQuery,
) -> Result<Response, Problem> {
    user.caller().manager()?;
    let chosen = query.text(FIELD);
    let chosen = labels::TYPES.into_iter().find(|kind| kind.as_str() == chosen);
    let errors = match chosen {
        Some(IntegrationType::NewIntegration) => {
            return Ok(Redirect::to(&format!("{APPS}/new/new-integration")).into_response());
        }
        Some(IntegrationType::AiqIntegrate) => {
            return Ok(Redirect::to(&format!("{APPS}/new/aiq-integrate")).into_response());
        }
        None if query.has("step") => Problem::field(FIELD, "required", "Select an integration type.").into(),
        None => Errors::default(),
    };
    let choices = [
        Choice {
            value: IntegrationType::NewIntegration.as_str(),
            title: "New Integration",
            hint: "Your own developer, or a partner’s, builds the integration. They are invited to the Developer Portal.",
        },
        Choice {
            value: IntegrationType::AiqIntegrate.as_str(),
            title: "AIQ Integrate",
            hint: "Our team builds and runs the integration. This is chargeable.",
        },
    ];
    let body = html! {
        h1 { "New Integration Application" }
        (errors.summary(&[FIELD]))
        form method="get" action={ (APPS) "/new" } novalidate {
            input type="hidden" name="step" value="next";
            (radios(FIELD, "Integration Type", &choices, "", &errors))
            (submit("Next Step", "", APPS))
        }
    };
    Ok((errors.status(), page_below(&user, "New Integration Application", &body)).into_response())
}
