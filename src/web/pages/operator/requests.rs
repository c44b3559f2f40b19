//! R12: the AIQ Integrate applications of all groups. Operators handle their client secrets.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use gatebook_aggregates::identifiers::AppId;
use gatebook_aggregates::integration_app::IntegrationType;
use gatebook_aggregates::integration_app::Status;
use gatebook_projections::app_list::Filter;
use maud::{Markup, html};

use crate::application::{AppView, ClientSecretOrder, Failure, IssuedClientSecret, SecretTerms};
use crate::unique_id::unique_id;
use crate::web::api::json::{AppsQuery, write_cursor};
use crate::web::error::Problem;
use crate::web::extract::PathOf;
use crate::web::pages::current_user::{OperatorUser, SignedIn};
use crate::web::pages::definition_list::fact;
use crate::web::pages::filter_form::search;
use crate::web::pages::form::{Form, PageQuery, SubmittedForm};
use crate::web::pages::form_errors::Errors;
use crate::web::pages::form_token::token;
use crate::web::pages::layout::{Shell, page};
use crate::web::pages::operator::secrets;
use crate::web::pages::{copy, end_date, filter_form, times};
use crate::web::service::Service;

/// `GET /operator/requests`
pub async fn show(
    State(service): State<Service>,
    SignedIn(operator): SignedIn<OperatorUser>,
    PageQuery(query): PageQuery,
) -> Result<Response, Problem> {
    list_page(&service, &operator, &query, &Errors::default()).await
}

async fn list_page(
    service: &Service,
    operator: &OperatorUser,
    query: &Form,
    errors: &Errors,
) -> Result<Response, Problem> {
    let question = AppsQuery::of(|name| query.filled(name)).read()?;
    let filter = Filter {
        integration_type: Some(IntegrationType::AiqIntegrate),
        ..question.filter
    };
    let found = service
        .all_apps(
            operator.operator()?,
            &filter,
            question.sort,
            question.after.as_ref(),
            question.limit,
        )
        .await?;
    let body = html! {
        h1 { "AIQ Integrate" }
        (errors.summary(&[]))
        (filter_form::form("/operator/requests", "Find applications", &search("name", "Name", query.text("name")), &html! {}))
        @if found.items.is_empty() { p role="status" { "No applications match." } }
        @else {
            div.wide tabindex="0" role="region" aria-label="AIQ Integrate applications" {
                table.cards {
                    thead { tr {
                        th scope="col" { "Name" } th scope="col" { "Group" } th scope="col" { "Type" }
                        th scope="col" { "Status" } th scope="col" { "Requested" } th scope="col" { "Actions" }
                    } }
                    tbody { @for view in &found.items { (row(view, &operator.session.form_token)) } }
                }
            }
        }
        @if let Some(next) = &found.next {
            a href={ "/operator/requests?" (next_query(query, &write_cursor(next))) } { "Next page" }
        }
    };
    Ok((errors.status(), page(&Shell::from(operator), "AIQ Integrate", &body)).into_response())
}

fn next_query(query: &Form, cursor: &str) -> String {
    let mut parameters = form_urlencoded::Serializer::new(String::new());
    if let Some(name) = query.filled("name") {
        parameters.append_pair("name", name);
    }
    parameters.append_pair("cursor", cursor);
    parameters.finish()
}

fn row(view: &AppView, form_token: &str) -> Markup {
    let app = view.app();
    html! {
        tr {
            th scope="row" { bdi { (app.name.as_str()) } }
            td data-title="Group" { bdi { (view.group().customer.name.as_str()) } }
            td data-title="Type" { (app.integrate_type.as_deref().unwrap_or_default()) }
            td data-title="Status" { (<&str>::from(app.status)) }
            td data-title="Requested" { (times::moment(app.created_at)) " by " bdi { (app.created_by_name) } }
            td {
                a href=(secrets::path(app.app_id)) aria-label={ "Client secrets of " (app.name.as_str()) } { "Client secrets" }
                @if app.status == Status::Active {
                    form method="post" action=(secrets::path(app.app_id)) {
                        (token(form_token))
                        input type="hidden" name="version" value=(app.version);
                        // The key makes the form count once: a second click shows the same secret again.
                        input type="hidden" name="request_key" value=(unique_id());
                        button.plain type="submit" aria-label={ "Generate client secret for " (app.name.as_str()) } {
                            "Generate client secret"
                        }
                    }
                }
            }
        }
    }
}

/// `POST /operator/requests/{id}/client-secrets`: generates a secret and shows it once.
pub async fn generate(
    State(service): State<Service>,
    PathOf(app_id): PathOf<AppId>,
    SubmittedForm { user: operator, form }: SubmittedForm<OperatorUser>,
) -> Result<Response, Problem> {
    let errors = match generated(&service, &operator, app_id, &form).await {
        Ok(secret) => return Ok(secret_page(&operator, &secret).into_response()),
        Err(errors) => errors,
    };
    list_page(&service, &operator, &Form::default(), &errors).await
}

async fn generated(
    service: &Service,
    operator: &OperatorUser,
    app_id: AppId,
    form: &Form,
) -> Result<IssuedClientSecret, Errors> {
    if form.is_to_be_shown_again() {
        return Err(Errors::default());
    }
    let (Ok(version), Some(key)) = (form.text("version").parse(), form.filled("request_key")) else {
        return Err(out_of_date().into());
    };
    let key = operator
        .caller()
        .idempotency_key(key, "POST", &secrets::path(app_id), &form.content());
    let order = ClientSecretOrder {
        terms: SecretTerms {
            overlap_seconds: None,
            ends_at: end_date::read(form)?,
        },
        if_match: Some(version).into(),
        key: Some(key),
    };
    let made = service
        .operators_client_secret(operator.operator()?, app_id, &order)
        .await;
    let made = made.map_err(|failure| match failure {
        Failure::IdempotencyKeyReused => out_of_date().into(),
        failure if failure.is_version_mismatch() => out_of_date().into(),
        failure => Errors::from(failure),
    })?;
    let shown = made.shown();
    shown.ok_or_else(|| out_of_date().into())
}

fn out_of_date() -> Problem {
    let detail = "This form has already been sent, or the application has changed since you opened it. A secret is \
                  shown only once; if you did not save it, generate another.";
    Problem::new(StatusCode::CONFLICT, "conflict", detail)
}

fn secret_page(operator: &OperatorUser, secret: &IssuedClientSecret) -> Markup {
    let body = html! {
        h1 { "Your new client secret" }
        div.notice.warn role="status" tabindex="-1" data-focus {
            p { "Copy it now to where the integration keeps its secrets. You will not see it again." }
        }
        dl.facts {
            (fact("ClientId", &copy::value("client-id", &secret.client_id)))
            (fact("ClientSecret", &copy::value("client-secret", &secret.client_secret)))
        }
        @if let Some(ends_at) = secret.previous_ends_at {
            p { "The older client secret is valid until " (times::moment(ends_at)) "." }
        }
        p { a.button href="/operator/requests" { "Done" } }
    };
    page(&Shell::from(operator), "New client secret", &body)
}
