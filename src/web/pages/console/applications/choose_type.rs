//! New Integration Application: choose the integration type.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use gatebook_aggregates::integration_app::IntegrationType;
use maud::html;
use strum::VariantArray;

use crate::web::error::Problem;
use crate::web::pages::components::head;
use crate::web::pages::console::applications::inputs::{Choice, radios};
use crate::web::pages::console::applications::labels;
use crate::web::pages::console::applications::shared::{APPS, list_path, page_below, submit};
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
    let errors = match IntegrationType::parse(query.text(FIELD)) {
        Ok(chosen) => return Ok(Redirect::to(&form_path(chosen)).into_response()),
        Err(_) if query.has("step") => Problem::field(FIELD, "required", "Select an integration type.").into(),
        Err(_) => Errors::default(),
    };
    let choices: Vec<_> = IntegrationType::VARIANTS
        .iter()
        .map(|offered| choice(*offered))
        .collect();
    let body = html! {
        (head::title(&html! { "New Integration Application" }))
        (errors.summary(&[FIELD]))
        form method="get" action={ (APPS) "/new" } novalidate {
            input type="hidden" name="step" value="next";
            (radios(FIELD, "Integration Type", &choices, "", &errors))
            (submit("Next Step", "primary", &list_path(&user)))
        }
    };
    Ok((errors.status(), page_below(&user, "New Integration Application", &body)).into_response())
}

/// Where the form for an application of this type is.
fn form_path(chosen: IntegrationType) -> String {
    let page = match chosen {
        IntegrationType::NewIntegration => "new-integration",
        IntegrationType::AiqIntegrate => "aiq-integrate",
    };
    format!("{APPS}/new/{page}")
}

fn choice(offered: IntegrationType) -> Choice<'static> {
    let hint = match offered {
        IntegrationType::NewIntegration => {
            "Your own developer, or a partner’s, builds the integration. They are invited to the Developer Portal."
        }
        IntegrationType::AiqIntegrate => "Our team builds and runs the integration. This is chargeable.",
    };
    Choice {
        value: offered.as_str(),
        title: labels::integration_type(offered),
        hint,
    }
}
