//! A group's entities.

use axum::extract::State;
use axum::response::Response;
use gatebook_aggregates::identifiers::{EntityId, GroupId};
use gatebook_aggregates::refusal::Refusal;
use gatebook_projections::groups::GroupRow;
use maud::{Markup, html};

use super::super::groups::{all_three, group_path, label};
use super::{Question, back, form_for, question, removed, stopping};
use crate::application::Failure;
use crate::http::error::Problem;
use crate::http::extract::{App, PathOf};
use crate::pages::attempt::Errors;
use crate::pages::form::{Form, Sent};
use crate::pages::inputs::Field;
use crate::pages::visitor::{OperatorUser, SignedIn};

/// Adds or renames one.
pub(super) async fn put(app: &App, operator: &OperatorUser, id: &GroupId, form: &Form) -> Result<Response, Failure> {
    let entity_id = EntityId::parse(form.text("entity_id"));
    let (entity_id, name, ()) = all_three(entity_id, label("entity_name", form), Ok(()))?;
    app.put_entity(operator.caller(), id, entity_id, name).await?;
    Ok(back(id, "saved"))
}

/// `GET /operator/groups/{id}/entities/{entity_id}/remove`: asks first.
pub async fn ask_to_remove(
    State(app): State<App>,
    SignedIn(operator): SignedIn<OperatorUser>,
    PathOf((id, entity_id)): PathOf<(GroupId, EntityId)>,
) -> Result<Response, Problem> {
    Ok(ask(&app, &operator, &id, entity_id).await?)
}

/// `POST /operator/groups/{id}/entities/{entity_id}/remove`
pub async fn remove(
    State(app): State<App>,
    PathOf((id, entity_id)): PathOf<(GroupId, EntityId)>,
    Sent {
        visitor: operator,
        form,
    }: Sent<OperatorUser>,
) -> Result<Response, Problem> {
    if form.is_to_be_shown_again() {
        return Ok(ask(&app, &operator, &id, entity_id).await?);
    }
    removed(&id, app.remove_entity(operator.caller(), &id, entity_id).await)
}

async fn ask(app: &App, operator: &OperatorUser, id: &GroupId, entity_id: EntityId) -> Result<Response, Failure> {
    let group = app.group(id).await?.ok_or(Refusal::NotFound)?;
    let name = group.customer.entities.get(&entity_id).ok_or(Refusal::NotFound)?;
    let title = html! { "Remove " bdi { (name.as_str()) } " from " bdi { (group.customer.name.as_str()) } "?" };
    Ok(question(
        operator,
        &group,
        &Question {
            title,
            told: html! {
                p { "At once, no access token opens this entity any more." }
                (stopping::applications(app, operator, id, Some(entity_id.clone())).await?)
            },
            action: &remove_path(id, &entity_id),
            fields: html! {},
            yes: "Yes, remove it",
        },
    ))
}

fn remove_path(id: &GroupId, entity_id: &EntityId) -> String {
    format!("{}/entities/{entity_id}/remove", group_path(id))
}

/// All of them.
pub(super) fn table(group: &GroupRow) -> Markup {
    html! {
        @if group.customer.entities.is_empty() { p { "There is no entity yet." } }
        @else {
            div.wide tabindex="0" role="region" aria-label="Entities" {
                table.cards {
                    thead { tr { th scope="col" { "Name" } th scope="col" { "Id" } th scope="col" { "Actions" } } }
                    tbody {
                        @for (id, name) in &group.customer.entities {
                            tr {
                                th scope="row" { bdi { (name.as_str()) } }
                                td data-title="Id" { code { (id) } }
                                td {
                                    a.button.plain href=(remove_path(&group.group_id, id))
                                        aria-label={ "Remove " (name.as_str()) } { "Remove" }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The form for one.
pub(super) fn form(operator: &OperatorUser, group: &GroupRow, form: &Form, errors: &Errors) -> Markup {
    let fields = html! {
        (Field { name: "entity_id", label: "Entity id", value: form.text("entity_id"), ..Field::default() }.input(errors))
        (Field { name: "entity_name", label: "Entity name", value: form.text("entity_name"), ..Field::default() }.input(errors))
        button type="submit" { "Add or rename" }
    };
    html! {
        details open[form.has("do")] {
            summary { "Add or rename an entity" }
            (form_for(operator, group, "put-entity", &fields))
        }
    }
}
