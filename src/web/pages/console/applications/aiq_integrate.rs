//! Option Two: AIQ Integrate. The form of one type of the catalogue.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use gatebook_aggregates::catalog::{IntegrateType, integrate_type};
use gatebook_aggregates::integration_app::IntegrationType;
use gatebook_aggregates::integration_app::{charges_accepted, data_access_accepted};
use maud::{Markup, html};

use crate::web::api::admin::CreateApplication;
use crate::web::error::{FieldError, Problem};
use crate::web::extract::PathOf;
use crate::web::pages::console::applications::choose_integrate_type::CHARGES;
use crate::web::pages::console::applications::creating::NAME_HINT;
use crate::web::pages::console::applications::entity_picker::entities;
use crate::web::pages::console::applications::inputs::fixed;
use crate::web::pages::console::applications::shared::{APPS, done_path, page_below, submit};
use crate::web::pages::console::applications::{creating, labels};
use crate::web::pages::current_user::{ConsoleUser, SignedIn};
use crate::web::pages::end_date;
use crate::web::pages::form::{Form, SubmittedForm};
use crate::web::pages::form_errors::Errors;
use crate::web::pages::form_key;
use crate::web::pages::form_token::token;
use crate::web::pages::inputs::{Field, checkbox};
use crate::web::service::Service;

const FIELDS: [&str; 7] = [
    "name",
    "description",
    "category",
    "ends_at",
    "entities",
    "accept_charges",
    "accept_data_access",
];
/// The form's labels for the fields that error messages name.
const WORDS: &[(&str, &str)] = &[
    ("name", "Name"),
    ("description", "Application Description"),
    ("category", "Category"),
    (end_date::ENDS_AT, end_date::LABEL),
];
const DATA_ACCESS: &str = "I understand that the integration team will have access to the data of these entities.";

/// `GET /integration-applications/new/aiq-integrate/{type}`
pub async fn show(
    State(_service): State<Service>,
    SignedIn(user): SignedIn<ConsoleUser>,
    PathOf(code): PathOf<String>,
) -> Result<Markup, Problem> {
    let entry = entry(&code)?;
    user.caller().manager()?;
    Ok(form_page(&user, entry, &Form::default(), &Errors::default()))
}

/// `POST /integration-applications/new/aiq-integrate/{type}`
pub async fn create(
    State(service): State<Service>,
    PathOf(code): PathOf<String>,
    submitted: SubmittedForm<ConsoleUser>,
) -> Result<Response, Problem> {
    let entry = entry(&code)?;
    let SubmittedForm { user, form } = submitted;
    let manager = user.caller().manager()?;
    if form.is_to_be_shown_again() {
        return Ok(form_page(&user, entry, &form, &Errors::default()).into_response());
    }
    let created = creating::create(&service, manager, &path(entry), form, WORDS, |form| {
        command(entry, form)
    })
    .await;
    match created {
        Ok((view, _)) => {
            let next = done_path(&view, "", "requested");
            Ok(Redirect::to(&next).into_response())
        }
        Err((errors, form)) => {
            let errors = errors.also(&not_accepted(&form));
            Ok((errors.status(), form_page(&user, entry, &form, &errors)).into_response())
        }
    }
}

fn entry(code: &str) -> Result<&'static IntegrateType, Problem> {
    integrate_type(code).map_err(|_| Problem::not_found())
}

fn path(entry: &IntegrateType) -> String {
    format!("{APPS}/new/aiq-integrate/{}", entry.code)
}

fn command(entry: &IntegrateType, form: &Form) -> CreateApplication {
    let entered = |name| form.filled(name).map(str::to_owned);
    CreateApplication {
        integration_type: Some(IntegrationType::AiqIntegrate.as_str().to_owned()),
        integrate_type: Some(entry.code.to_owned()),
        name: entered("name"),
        description: Some(form.lines("description")),
        // A custom type needs a category. An empty one is sent, so that the error appears together with all others.
        category: entered("category").or_else(|| entry.custom.then(String::new)),
        entities: creating::entities_of(form),
        ends_at: end_date::entered(form),
        accept_charges: Some(form.has("accept_charges")),
        accept_data_access: Some(form.has("accept_data_access")),
        ..CreateApplication::default()
    }
}

/// R12: reported together with everything else that is wrong.
fn not_accepted(form: &Form) -> Vec<FieldError> {
    let accepted = [
        charges_accepted(form.has("accept_charges")),
        data_access_accepted(form.has("accept_data_access")),
    ];
    accepted
        .into_iter()
        .filter_map(Result::err)
        .map(FieldError::from)
        .collect()
}

fn form_page(user: &ConsoleUser, entry: &IntegrateType, form: &Form, errors: &Errors) -> Markup {
    let title = format!("AIQ Integrate: {}", entry.name);
    let body = html! {
        h1 { (title) }
        (errors.summary(&FIELDS))
        form method="post" action=(path(entry)) novalidate {
            (token(&user.session.form_token))
            (form_key::field(form))
            (details(entry, form, errors))
            (end_date::field(form, creating::END_HINT, errors))
            (entities(user.group(), form, creating::ENTITIES_HINT, errors))
            p.notice.warn { (entry.disclaimer) }
            // R12: the boxes are part of the submitted form, so a link cannot accept the disclaimers for anybody.
            (checkbox("accept_charges", CHARGES, form.has("accept_charges"), errors))
            (checkbox("accept_data_access", DATA_ACCESS, form.has("accept_data_access"), errors))
            (submit("Create", "", APPS))
        }
    };
    page_below(user, &title, &body)
}

fn details(entry: &IntegrateType, form: &Form, errors: &Errors) -> Markup {
    html! {
        (Field {
            name: "name", label: "Name", hint: NAME_HINT, value: form.text("name"), ..Field::default()
        }.input(errors))
        (Field {
            name: "description", label: "Application Description", hint: creating::DESCRIPTION_HINT,
            value: form.text("description"), ..Field::default()
        }.textarea(errors))
        @match entry.category {
            Some(category) => (fixed("fixed-category", "Category", labels::category(category))),
            None => (Field {
                name: "category", label: "Category", hint: "You cannot change this later.",
                value: form.text("category"), ..Field::default()
            }.select(&labels::categories("Choose a category"), errors)),
        }
        (fixed("fixed-permission", "API Permissions", entry.api_permission.title()))
    }
}
