//! AIQ Integrate: choose the type and accept the charges (R12).

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use gatebook_aggregates::catalog::{INTEGRATE_TYPES, integrate_type};
use gatebook_aggregates::integration_app::charges_accepted;
use maud::html;

use crate::web::api::json::Fields;
use crate::web::error::Problem;
use crate::web::pages::components::head;
use crate::web::pages::components::notice::{self, Kind};
use crate::web::pages::console::applications::inputs::{Choice, radios};
use crate::web::pages::console::applications::labels;
use crate::web::pages::console::applications::shared::{APPS, page_below, submit};
use crate::web::pages::current_user::{ConsoleUser, SignedIn};
use crate::web::pages::form::{Form, PageQuery};
use crate::web::pages::form_errors::Errors;
use crate::web::pages::inputs::checkbox;
use crate::web::service::Service;

const FIELDS: [&str; 2] = ["integrate_type", "accept_charges"];

pub const CHARGES: &str = "I understand that this application type is chargeable.";

/// `GET /integration-applications/new/aiq-integrate`
pub async fn show(
    State(_service): State<Service>,
    SignedIn(user): SignedIn<ConsoleUser>,
    PageQuery(query): PageQuery,
) -> Result<Response, Problem> {
    user.caller().manager()?;
    let errors = match chosen(&query) {
        Ok(code) if query.has("step") => {
            let next = format!("{APPS}/new/aiq-integrate/{code}");
            return Ok(Redirect::to(&next).into_response());
        }
        Err(problem) if query.has("step") => Errors::from(problem),
        _ => Errors::default(),
    };
    let choices: Vec<_> = INTEGRATE_TYPES
        .iter()
        .map(|entry| Choice {
            value: entry.code,
            title: entry.name,
            hint: entry.category.map_or("Tell us what you need.", labels::category),
        })
        .collect();
    let body = html! {
        (head::title(&html! { "AIQ Integrate" }))
        (errors.summary(&FIELDS))
        form method="get" action={ (APPS) "/new/aiq-integrate" } novalidate {
            input type="hidden" name="step" value="next";
            (radios("integrate_type", "Application type", &choices, query.text("integrate_type"), &errors))
            @for disclaimer in disclaimers() { (notice::plain(Kind::Warn, &html! { p { (disclaimer) } })) }
            (checkbox("accept_charges", CHARGES, query.has("accept_charges"), &errors))
            (submit("Next Step", "primary", &format!("{APPS}/new")))
        }
    };
    Ok((errors.status(), page_below(&user, "AIQ Integrate", &body)).into_response())
}

fn chosen(query: &Form) -> Result<&'static str, Problem> {
    let mut fields = Fields::default();
    let entry = fields.read(integrate_type(query.text("integrate_type")));
    fields.read(charges_accepted(query.has("accept_charges")));
    fields.finish(|| Some(entry?.code))
}

/// The disclaimers of all types, without repetitions.
fn disclaimers() -> Vec<&'static str> {
    let mut all: Vec<_> = INTEGRATE_TYPES.iter().map(|entry| entry.disclaimer).collect();
    all.dedup();
    all
}
