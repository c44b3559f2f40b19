//! Option One: New Integration. The form, and the confirmation with the OTP.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use gatebook_projections::app_list::IntegrationType;
use maud::{Markup, html};

use super::creating::{self, NAME_HINT};
use super::entity_picker::entities;
use super::inputs::{Choice, radios};
use super::otp::{self, Happened};
use super::parts::{APPS, page_below, submit};
use super::words::{self, WORDS};
use crate::http::admin::CreateApplication;
use crate::http::error::Problem;
use crate::http::extract::App;
use crate::pages::attempt::Errors;
use crate::pages::form::{Form, Sent, token};
use crate::pages::inputs::Field;
use crate::pages::once;
use crate::pages::visitor::{ConsoleUser, SignedIn};

/// Where the form is.
const PATH: &str = "/integration-applications/new/new-integration";
const FIELDS: [&str; 6] = [
    "name",
    "description",
    "category",
    "developer_email",
    "api_permission",
    "entities",
];

/// `GET /integration-applications/new/new-integration`
pub async fn show(State(app): State<App>, SignedIn(user): SignedIn<ConsoleUser>) -> Result<Markup, Problem> {
    app.managers_group(user.caller()).await?;
    Ok(form_page(&user, &Form::default(), &Errors::default()))
}

/// `POST /integration-applications/new/new-integration`
pub async fn create(State(app): State<App>, sent: Sent<ConsoleUser>) -> Result<Response, Problem> {
    let Sent { visitor: user, form } = sent;
    app.managers_group(user.caller()).await?;
    if form.is_to_be_shown_again() {
        return Ok(form_page(&user, &form, &Errors::default()).into_response());
    }
    match creating::create(&app, &user, PATH, form, WORDS, wish).await {
        Ok((view, verification)) => {
            let told = "The application has been created.";
            let happened = Happened::linked(&view, "Integration Application created", told);
            Ok(otp::shown(&user, &view, &happened, verification.as_ref(), app.clock.now()).into_response())
        }
        Err((errors, form)) => Ok((errors.status(), form_page(&user, &form, &errors)).into_response()),
    }
}

fn wish(form: &Form) -> CreateApplication {
    let entered = |name| form.filled(name).map(str::to_owned);
    CreateApplication {
        integration_type: Some(IntegrationType::NewIntegration.as_str().to_owned()),
        name: entered("name"),
        description: Some(form.lines("description")),
        category: entered("category"),
        developer_email: entered("developer_email"),
        api_permission: entered("api_permission"),
        entities: creating::entities_of(form),
        ..CreateApplication::default()
    }
}

fn form_page(user: &ConsoleUser, form: &Form, errors: &Errors) -> Markup {
    let body = html! {
        h1 { "New Integration" }
        (errors.summary(&FIELDS))
        form method="post" action=(PATH) novalidate {
            (token(&user.session.form_token))
            (once::field(form))
            (details(form, errors))
            (entities(&user.group, form, creating::ENTITIES_HINT, errors))
            (submit("Create", "", APPS))
        }
    };
    page_below(user, "New Integration", &body)
}

fn details(form: &Form, errors: &Errors) -> Markup {
    let permissions = words::PERMISSIONS.map(|permission| Choice {
        value: permission.as_str(),
        title: permission.title(),
        hint: "",
    });
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
        }.select(&words::categories("Choose a category"), errors))
        (Field {
            name: "developer_email", label: "Integration/Developers Email",
            hint: "The developer at this address is invited to the Developer Portal, where the credentials are.",
            value: form.text("developer_email"), kind: "email", ..Field::default()
        }.input(errors))
        (radios("api_permission", "API Permissions (you cannot change this later)", &permissions,
            form.text("api_permission"), errors))
    }
}
