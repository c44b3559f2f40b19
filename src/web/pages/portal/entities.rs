//! R22: the entities that an application can use, filtered by name and id, with pages.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use gatebook_aggregates::identifiers::AppId;
use maud::html;

use crate::application::Failure;
use crate::web::api::json::Fields;
use crate::web::error::Problem;
use crate::web::extract::PathOf;
use crate::web::pages::current_user::{PortalUser, SignedIn};
use crate::web::pages::filter_form;
use crate::web::pages::filter_form::search;
use crate::web::pages::form::{Form, PageQuery};
use crate::web::pages::layout::{Shell, page};
use crate::web::pages::portal::application::head;
use crate::web::pages::portal::labels::failed;
use crate::web::service::Service;

/// Entities per page.
const PAGE: usize = 50;

/// `GET /portal/apps/{id}/entities`
pub async fn show(
    State(service): State<Service>,
    SignedIn(user): SignedIn<PortalUser>,
    PathOf(app_id): PathOf<AppId>,
    PageQuery(query): PageQuery,
) -> Response {
    if let Err(problem) = filter_is_readable(&query) {
        return problem.into_response();
    }
    let shown = entities_page(&service, &user, app_id, &query).await;
    shown.unwrap_or_else(|failure| failed(&user, app_id, failure))
}

fn filter_is_readable(query: &Form) -> Result<(), Problem> {
    let mut fields = Fields::default();
    for field in ["name", "id"] {
        fields.part(field, query.filled(field));
    }
    fields.finish(|| Some(()))
}

async fn entities_page(service: &Service, user: &PortalUser, app_id: AppId, query: &Form) -> Result<Response, Failure> {
    let developer = service.verified_developer(user.caller(), app_id).await?;
    let filter = (query.filled("name"), query.filled("id"));
    let after = query.filled("after");
    let (entities, next) = service.portal_entities(&developer, filter, after, PAGE).await?;
    let (row, group) = (developer.app(), developer.group());
    let fields = html! {
        (search("name", "Entity name", query.text("name")))
        (search("id", "Entity id", query.text("id")))
    };
    let here = format!("/portal/apps/{app_id}/entities");
    let body = html! {
        (head(row, group, true))
        (filter_form::form(&here, "Find entities", &fields, &html! {}))
        @if entities.is_empty() {
            p role="status" {
                @if filter != (None, None) { "No entities match. " a href=(here) { "Show all" } }
                @else { "No entities are assigned to this application. Ask the Integration Admin." }
            }
        } @else {
            div.scroll tabindex="0" role="region" aria-label="Entities Assigned" {
                table.table {
                    thead { tr { th scope="col" { "Name" } th scope="col" { "Entity id" } } }
                    tbody {
                        @for entity in &entities {
                            tr { th scope="row" { bdi { (entity.name.as_str()) } } td { code { (entity.id.as_str()) } } }
                        }
                    }
                }
            }
        }
        @if after.is_some() || next.is_some() {
            nav.pages aria-label="Pages" {
                @if after.is_some() { a.button href=(link(&here, filter, None)) { "First page" } }
                @if let Some(next) = &next { a.button href=(link(&here, filter, Some(next.as_str()))) { "Next page" } }
            }
        }
    };
    Ok(page(
        &Shell::from(user).below("/portal"),
        &format!("{}: Entities Assigned", row.name.as_str()),
        &body,
    )
    .into_response())
}

fn link(here: &str, (name, id): (Option<&str>, Option<&str>), after: Option<&str>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let parameters = [("name", name), ("id", id), ("after", after)];
    query.extend_pairs(
        parameters
            .iter()
            .filter_map(|(of, value)| value.map(|value| (*of, value))),
    );
    format!("{here}?{}", query.finish())
}
