//! R11: the entities of an application, with a search.

use axum::extract::State;
use gatebook_aggregates::identifiers::AppId;
use gatebook_aggregates::integration_app::Status;
use maud::{Markup, html};

use crate::web::error::Problem;
use crate::web::extract::PathOf;
use crate::web::pages::components::icons::{Icon, icon};
use crate::web::pages::console::applications::entity_search::fits;
use crate::web::pages::console::applications::labels;
use crate::web::pages::console::applications::shared::{AppTab, app_path, may_change, page_of_tab};
use crate::web::pages::current_user::{ConsoleUser, SignedIn};
use crate::web::pages::form::PageQuery;
use crate::web::service::Service;

/// `GET /integration-applications/{id}/entities`
pub async fn show(
    State(service): State<Service>,
    SignedIn(user): SignedIn<ConsoleUser>,
    PathOf(id): PathOf<AppId>,
    PageQuery(query): PageQuery,
) -> Result<Markup, Problem> {
    let view = service.app(user.caller().reader()?, id).await?;
    let sought = query.text("name");
    let all = view.entities().count();
    let found: Vec<_> = view.entities().filter(|(id, name)| fits(sought, id, name)).collect();
    let here = app_path(id, AppTab::Entities.page());
    let edits = may_change(&user) && view.app().status != Status::Revoked;
    let edit = html! {
        @if edits { a.button href={ (app_path(id, "/edit")) "#entities" } { (icon(Icon::Edit)) "Select entities" } }
    };
    let content = html! {
        @if all == 0 {
            div.empty {
                h2 { "No entities assigned" }
                p { "The integration has no access to any data." }
                (edit)
            }
        } @else {
            form.toolbar method="get" action=(here) role="search" aria-label="Find entities" {
                div.search {
                    label.unseen for="entity-name" { "Entity name or id" }
                    (icon(Icon::Search))
                    input id="entity-name" name="name" type="search" value=(sought) autocomplete="off" placeholder="Search entities";
                }
                button.button type="submit" { "Search" }
                (edit)
                p.told role="status" {
                    @if found.len() == all { (labels::entities(all)) } @else { (found.len()) " of " (labels::entities(all)) }
                }
            }
            @if found.is_empty() {
                div.empty { h2 { "No entities match" } a.button href=(here) { "Show all" } }
            } @else {
                table.table.entities {
                    caption.unseen { "Entities Assigned" }
                    thead { tr { th scope="col" { "Entity" } th.num scope="col" { "Id" } } }
                    tbody {
                        @for (id, name) in found {
                            tr { th scope="row" { bdi { (name.as_str()) } } td.num { code.third { (id.as_str()) } } }
                        }
                    }
                }
            }
        }
    };
    Ok(page_of_tab(&user, &view, AppTab::Entities, &html! {}, &content))
}
