//! Option One: New Integration. The form, and the confirmation with the OTP.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use gatebook_aggregates::api_permission::ApiPermission;
use gatebook_aggregates::integration_app::IntegrationType;
use maud::{Markup, html};
use strum::VariantArray;

use crate::web::api::admin::CreateApplication;
use crate::web::error::Problem;
use crate::web::pages::console::applications::creating::NAME_HINT;
use crate::web::pages::console::applications::entity_picker::entities;
use crate::web::pages::console::applications::inputs::{Choice, radios};
use crate::web::pages::console::applications::labels::WORDS;
use crate::web::pages::console::applications::otp::Confirmation;
use crate::web::pages::console::applications::shared::{APPS, page_below, submit};
use crate::web::pages::console::applications::{creating, labels, otp};
use crate::web::pages::current_user::{ConsoleUser, SignedIn};
use crate::web::pages::end_date;
use crate::web::pages::form::{Form, SubmittedForm};
use crate::web::pages::form_errors::Errors;
use crate::web::pages::form_key;
use crate::web::pages::form_token::token;
use crate::web::pages::inputs::Field;
use crate::web::service::Service;

const PATH: &str = "/integration-applications/new/new-integration";
const FIELDS: [&str; 7] = [
    "name",
    "description",
    "category",
    "developer_email",
    "api_permission",
    "ends_at",
    "entities",
];

/// `GET /integration-applications/new/new-integration`
pub async fn show(State(_service): State<Service>, SignedIn(user): SignedIn<ConsoleUser>) -> Result<Markup, Problem> {
    user.caller().manager()?;
    Ok(form_page(&user, &Form::default(), &Errors::default()))
}

/// `POST /integration-applications/new/new-integration`
pub async fn create(
    State(service): State<Service>,
    submitted: SubmittedForm<ConsoleUser>,
) -> Result<Response, Problem> {
    let SubmittedForm { user, form } = submitted;
    let manager = user.caller().manager()?;
    if form.is_to_be_shown_again() {
        return Ok(form_page(&user, &form, &Errors::default()).into_response());
    }
    match creating::create(&service, manager, PATH, form, WORDS, command).await {
        Ok((view, verification)) => {
            let message = "The application has been created.";
            let confirmation = Confirmation::linked(&view, "Integration Application created", message);
            Ok(otp::shown(&user, &view, &confirmation, verification.as_ref(), service.clock.now()).into_response())
        }
        Err((errors, form)) => Ok((errors.status(), form_page(&user, &form, &errors)).into_response()),
    }
}

fn command(form: &Form) -> CreateApplication {
    let entered = |name| form.filled(name).map(str::to_owned);
    CreateApplication {
        integration_type: Some(IntegrationType::NewIntegration.as_str().to_owned()),
        name: entered("name"),
        description: Some(form.lines("description")),
        category: entered("category"),
        developer_email: entered("developer_email"),
        api_permission: entered("api_permission"),
        entities: creating::entities_of(form),
        ends_at: end_date::entered(form),
        ..CreateApplication::default()
    }
}

fn form_page(user: &ConsoleUser, form: &Form, errors: &Errors) -> Markup {
    let body = html! {
        h1 { "New Integration" }
        (errors.summary(&FIELDS))
        form method="post" action=(PATH) novalidate {
            (token(&user.session.form_token))
            (form_key::field(form))
            (details(form, errors))
            (end_date::field(form, creating::END_HINT, errors))
            (entities(user.group(), form, creating::ENTITIES_HINT, errors))
            (submit("Create", "", APPS))
        }
    };
    page_below(user, "New Integration", &body)
}

fn details(form: &Form, errors: &Errors) -> Markup {
    let permissions = ApiPermission::VARIANTS.iter().map(|permission| Choice {
        value: permission.as_str(),
        title: permission.title(),
        hint: "",
    });
    let permissions: Vec<_> = permissions.collect();
    html! {
        (Field {
            name: "name", label: "Application Name", hint: NAME_HINT, value: form.text("name"), ..Field::default()
        }.input(errors))
        (Field {
            name: "description", label: "Application Description", hint: creating::DESCRIPTION_HINT,
            value: form.text("description"), ..Field::default()
        }.textarea(errors))
        (Field {
            name: "category", label: "Category", hint: "You can change this later.", value: form.text("category"),
            ..Field::default()
        }.select(&labels::categories("Choose a category"), errors))
        (Field {
            name: "developer_email", label: "Integration/Developers Email",
            hint: "The developer at this address is invited to the Developer Portal, where the credentials are.",
            value: form.text("developer_email"), kind: "email", ..Field::default()
        }.input(errors))
        (radios("api_permission", "API Permissions (you cannot change this later)", &permissions,
            form.text("api_permission"), errors))
    }
}
