//! R12, R23: the client secrets of an application. Operators retire those of any, and generate those of AIQ Integrate.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use gatebook_aggregates::identifiers::{AppId, ClientSecretId};
use gatebook_aggregates::integration_app::{ClientSecret, MAX_LIVE_CLIENT_SECRETS, Status, has_ended};
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::app_list::AppRow;
use maud::{Markup, html};

use crate::application::{AppView, Failure};
use crate::unique_id::unique_id;
use crate::web::error::Problem;
use crate::web::extract::PathOf;
use crate::web::pages::components::notice::{self, Kind};
use crate::web::pages::current_user::{OperatorUser, SignedIn};
use crate::web::pages::end_date;
use crate::web::pages::form::{Form, PageQuery, SubmittedForm};
use crate::web::pages::form_errors::Errors;
use crate::web::pages::form_token::token;
use crate::web::pages::layout::{Shell, page};
use crate::web::pages::times::moment;
use crate::web::service::Service;

type Secrets = Vec<(ClientSecret, Option<Timestamp>)>;

/// The page of an application's secrets.
pub fn path(id: AppId) -> String {
    format!("/operator/requests/{id}/client-secrets")
}

/// `GET /operator/requests/{id}/client-secrets`
pub async fn show(
    State(service): State<Service>,
    SignedIn(operator): SignedIn<OperatorUser>,
    PathOf(id): PathOf<AppId>,
    PageQuery(query): PageQuery,
) -> Result<Markup, Problem> {
    let (view, secrets) = found(&service, &operator, id).await?;
    let app = view.app();
    let body = html! {
        h1 { "Client secrets of " bdi { (app.name.as_str()) } }
        @if query.text("done") == "retired" {
            (notice::told(Kind::Good, &html! {
                p { "The client secret has been retired. It no longer works, and neither do the tokens that were issued for it." }
            }))
        }
        p { "Group: " bdi { (view.group().customer.name.as_str()) } }
        @if secrets.is_empty() { p { "There is no live client secret." } } @else { (table(id, &secrets)) }
        @if may_generate(app, service.clock.now()) && secrets.len() < MAX_LIVE_CLIENT_SECRETS {
            (generate(&operator, &view))
        }
        p { a href="/operator/requests" { "All AIQ Integrate applications" } }
    };
    Ok(page(&Shell::from(&operator), "Client secrets", &body))
}

fn may_generate(app: &AppRow, now: Timestamp) -> bool {
    app.status == Status::Active && !app.integration_type.has_outside_developer() && !has_ended(app.ends_at, now)
}

async fn found(service: &Service, operator: &OperatorUser, id: AppId) -> Result<(AppView, Secrets), Failure> {
    let secrets = service.operators_client_secrets(operator.operator()?, id).await?;
    Ok((service.app_of_any_group(operator.operator()?, id).await?, secrets))
}

fn table(id: AppId, secrets: &Secrets) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Client secrets" {
            table.table.stacked.even {
                thead { tr {
                    th scope="col" { "Begins with" } th scope="col" { "Created" } th scope="col" { "Last used" }
                    th scope="col" { "Ends" } th scope="col" { "Actions" }
                } }
                tbody { @for (secret, last_used) in secrets {
                    tr {
                        th scope="row" { code { (secret.prefix) "…" } }
                        td data-th="Created" data-title="Created" { (moment(secret.created_at)) }
                        td data-th="Last used" data-title="Last used" {
                            @match last_used { Some(at) => (moment(*at)), None => "never" }
                        }
                        td data-th="Ends" data-title="Ends" { (end_date::in_words(secret.ends_at)) }
                        td {
                            a.button.small.danger href={ (path(id)) "/" (secret.id) "/retire" }
                                aria-label={ "Retire " (secret.prefix) } { "Retire" }
                        }
                    }
                } }
            }
        }
    }
}

fn generate(operator: &OperatorUser, view: &AppView) -> Markup {
    let app = view.app();
    let hint = "The secret stops working then. Leave it empty for no end date.";
    html! {
        h2 { "Generate a client secret" }
        form.narrow method="post" action=(path(app.app_id)) novalidate {
            (token(&operator.session.form_token))
            input type="hidden" name="version" value=(app.version);
            // The key makes the form count once: a second click shows the same secret again.
            input type="hidden" name="request_key" value=(unique_id());
            (end_date::field(&Form::default(), hint, &Errors::default()))
            button.button.primary type="submit" { "Generate client secret" }
        }
    }
}

/// `GET /operator/requests/{id}/client-secrets/{secret_id}/retire`: asks first.
pub async fn ask_to_retire(
    State(service): State<Service>,
    SignedIn(operator): SignedIn<OperatorUser>,
    PathOf(place): PathOf<(AppId, ClientSecretId)>,
) -> Result<Response, Problem> {
    Ok(retire_page(&service, &operator, place, &Errors::default()).await?)
}

async fn retire_page(
    service: &Service,
    operator: &OperatorUser,
    (id, secret_id): (AppId, ClientSecretId),
    errors: &Errors,
) -> Result<Response, Failure> {
    let (view, secrets) = found(service, operator, id).await?;
    let Some((secret, _)) = secrets.iter().find(|(secret, _)| secret.id == secret_id) else {
        let body = html! {
            h1 { "This client secret has ended" }
            p { "It was retired or has expired. There is nothing more to do." }
            p { a.button href=(path(id)) { "Continue" } }
        };
        let page = page(&Shell::from(operator), "This client secret has ended", &body);
        return Ok((StatusCode::NOT_FOUND, page).into_response());
    };
    let body = html! {
        h1 { "Retire this client secret?" }
        (errors.summary(&[]))
        p { "The client secret that begins with " code { (secret.prefix) } " of " bdi { (view.app().name.as_str()) }
            " stops working at once, and so do all tokens that were issued for it. This cannot be undone." }
        form method="post" action={ (path(id)) "/" (secret_id) "/retire" } {
            (token(&operator.session.form_token))
            button.danger type="submit" { "Retire" } " "
            a.button.plain href=(path(id)) { "Keep it" }
        }
    };
    let page = page(&Shell::from(operator), "Retire a client secret", &body);
    Ok((errors.status(), page).into_response())
}

/// `POST /operator/requests/{id}/client-secrets/{secret_id}/retire`
pub async fn retire(
    State(service): State<Service>,
    PathOf((id, secret_id)): PathOf<(AppId, ClientSecretId)>,
    SubmittedForm { user: operator, form }: SubmittedForm<OperatorUser>,
) -> Result<Response, Problem> {
    let place = (id, secret_id);
    if form.is_to_be_shown_again() {
        return Ok(retire_page(&service, &operator, place, &Errors::default()).await?);
    }
    let any = None::<i64>.into();
    let retired = service.operators_retire_client_secret(operator.operator()?, id, secret_id, any);
    match retired.await {
        Ok(_) => Ok(Redirect::to(&format!("{}?done=retired", path(id))).into_response()),
        // Either the secret has ended, or there is no such application; the page tells which.
        Err(failure) if failure.is_not_found() => {
            Ok(retire_page(&service, &operator, place, &Errors::default()).await?)
        }
        Err(failure) => Ok(retire_page(&service, &operator, place, &failure.into()).await?),
    }
}
