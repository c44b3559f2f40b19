//! R22: an application's details. The credentials are hidden until the developer asks for them, because viewing them is
//! recorded (R28).

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use gatebook_aggregates::identifiers::AppId;
use gatebook_aggregates::integration_app::{ClientSecret, MAX_LIVE_CLIENT_SECRETS, SECRET_OVERLAP, Status};
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::groups::GroupRow;
use gatebook_projections::portal_apps::PortalAppRow;
use maud::{Markup, html};

use crate::application::{AppDetails, Failure, live_secrets};
use crate::web::extract::PathOf;
use crate::web::pages::current_user::{PortalUser, SignedIn};
use crate::web::pages::definition_list::{fact, written};
use crate::web::pages::form::{Form, PageQuery, SubmittedForm};
use crate::web::pages::form_errors::Errors;
use crate::web::pages::form_token::token;
use crate::web::pages::inputs::Field;
use crate::web::pages::layout::{Shell, page};
use crate::web::pages::portal::labels::{done, failed, status_badge, status_notice, tabs};
use crate::web::pages::portal::usage;
use crate::web::pages::{copy, form_key, times};
use crate::web::service::Service;

/// How long the older secret stays valid: seconds, and their labels.
const OVERLAPS: [(&str, &str); 5] = [
    ("0", "0 hours: it ends at once"),
    ("3600", "1 hour"),
    ("86400", "24 hours"),
    ("259200", "72 hours"),
    ("604800", "7 days"),
];

/// `GET /portal/apps/{id}`
pub async fn show(
    State(service): State<Service>,
    SignedIn(user): SignedIn<PortalUser>,
    PathOf(app_id): PathOf<AppId>,
    PageQuery(query): PageQuery,
) -> Response {
    match service.verified_developer(user.caller(), app_id).await {
        Ok(developer) => match usage::of(&service, &developer, &query).await {
            Ok(usage) => details_page(&user, developer.app(), developer.group(), (&query, &usage)).into_response(),
            Err(failure) => failed(&user, app_id, failure),
        },
        Err(failure) => failed(&user, app_id, failure),
    }
}

fn details_page(user: &PortalUser, row: &PortalAppRow, group: &GroupRow, (query, usage): (&Form, &Markup)) -> Markup {
    let body = html! {
        (done(query))
        (head(row, group, false))
        section aria-labelledby="credentials" {
            h2 #credentials { "Credentials" }
            p { "Client id, endpoints and client secrets. The Activity Log records that you view them." }
            form method="post" action={ "/portal/apps/" (row.app_id) "/credentials" } {
                (token(&user.session.form_token))
                button type="submit" { "Show Credentials" }
            }
        }
        (usage)
    };
    page(&Shell::from(user), &title(row), &body)
}

fn title(row: &PortalAppRow) -> String {
    format!("{}: Details", row.name.as_str())
}

/// `POST /portal/apps/{id}/credentials`: Show Credentials.
pub async fn credentials(
    State(service): State<Service>,
    PathOf(app_id): PathOf<AppId>,
    SubmittedForm { user, form }: SubmittedForm<PortalUser>,
) -> Response {
    if form.is_to_be_shown_again() {
        return Redirect::to(&format!("/portal/apps/{app_id}")).into_response();
    }
    let shown = credentials_page(&service, &user, app_id, &form, &Errors::default()).await;
    shown.unwrap_or_else(|failure| failed(&user, app_id, failure))
}

pub async fn credentials_page(
    service: &Service,
    user: &PortalUser,
    app_id: AppId,
    form: &Form,
    errors: &Errors,
) -> Result<Response, Failure> {
    let developer = service.linked_developer(user.caller(), app_id).await?;
    let details = service.app_details(&developer).await?;
    let AppDetails {
        app: row,
        group,
        client_secrets,
    } = &details;
    let body = html! {
        (head(row, group, false))
        (errors.summary(&["overlap_seconds"]))
        section aria-labelledby="credentials" {
            h2 #credentials { "Credentials" }
            (endpoints(service, row))
        }
        section aria-labelledby="secrets" {
            h2 #secrets { "Client secrets" }
            (secrets_table(row, client_secrets))
            @if row.status == Status::Active && group.customer.product_plan.has_integration_apps() {
                (generate(user, row, service.clock.now(), form, errors))
            }
        }
    };
    Ok((errors.status(), page(&Shell::from(user), &title(row), &body)).into_response())
}

/// The heading and tabs of an application's pages.
pub fn head(row: &PortalAppRow, group: &GroupRow, entities: bool) -> Markup {
    html! {
        h1 { bdi { (row.name.as_str()) } " " (status_badge(row.status)) }
        (status_notice(row.status, group))
        (tabs(row.app_id, entities))
        @if !entities {
            dl.facts {
                (written("Description", row.description.as_str()))
                (written("Group", group.customer.name.as_str()))
                (fact("API Permissions", &html! { (row.api_permission.title()) }))
            }
        }
    }
}

fn endpoints(service: &Service, row: &PortalAppRow) -> Markup {
    let settings = &service.settings;
    let token_endpoint = format!("{}/oauth/token", settings.public_url);
    html! {
        dl.facts {
            (fact("ClientId", &copy::value("client-id", &row.client_id.0)))
            (fact("Token endpoint", &copy::value("token-endpoint", &token_endpoint)))
            (fact("WSDL", &html! { a #wsdl href=(settings.wsdl_url) { (settings.wsdl_url) } " " (copy::button("wsdl")) }))
            (fact("API docs", &html! { a href=(settings.documentation_url) { (settings.documentation_url) } }))
        }
    }
}

fn secrets_table(row: &PortalAppRow, secrets: &[(ClientSecret, Option<Timestamp>)]) -> Markup {
    html! {
        @if row.status == Status::Revoked { p { "They ended when the application was revoked." } }
        @else if secrets.is_empty() { p { "There is no client secret yet. Generate one to get tokens." } }
        @else {
            div.wide tabindex="0" role="region" aria-labelledby="secrets" {
                table.cards {
                    thead { tr {
                        th scope="col" { "Begins with" } th scope="col" { "Created" } th scope="col" { "Last used" }
                        th scope="col" { "Ends" } th scope="col" { "Actions" }
                    } }
                    tbody {
                        @for (secret, last_used) in secrets {
                            tr {
                                th scope="row" { code { (secret.prefix) "…" } br; span.detail { "id " (secret.id) } }
                                td data-title="Created" { (times::moment(secret.created_at)) }
                                td data-title="Last used" { @match last_used { Some(at) => (times::moment(*at)), None => "never" } }
                                td data-title="Ends" { @match secret.ends_at { Some(at) => (times::moment(at)), None => "–" } }
                                td { a href={ "/portal/apps/" (row.app_id) "/client-secrets/" (secret.id) "/retire" } { "Retire" } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The form counts once, and carries the ids of the active secrets, so that it is refused if they have changed.
fn generate(user: &PortalUser, row: &PortalAppRow, now: Timestamp, form: &Form, errors: &Errors) -> Markup {
    let live: Vec<_> = live_secrets(row, now).collect();
    let default = SECRET_OVERLAP.num_seconds().to_string();
    let mut offered = OVERLAPS.iter().map(|(seconds, _)| *seconds);
    let chosen = offered.find(|seconds| form.text("overlap_seconds") == *seconds);
    let overlap = chosen.unwrap_or(&default);
    html! {
        @if live.len() >= MAX_LIVE_CLIENT_SECRETS {
            p { "Two client secrets are active. Retire one of them before you generate another." }
        } @else {
            form.narrow method="post" action={ "/portal/apps/" (row.app_id) "/client-secrets" } {
                (token(&user.session.form_token))
                (form_key::field(form))
                @for secret in &live { input type="hidden" name="live" value=(secret.id); }
                @if live.is_empty() {
                    button type="submit" { "Generate client secret" }
                } @else {
                    (Field {
                        name: "overlap_seconds", label: "Keep the current client secret valid for", value: overlap,
                        hint: "Both secrets work during this time, so that the integration can switch over.", ..Field::default()
                    }.select(&OVERLAPS, errors))
                    button type="submit" { "Rotate client secret" }
                }
            }
        }
    }
}
