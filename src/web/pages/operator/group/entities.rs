//! The entities of a group.

use axum::extract::State;
use axum::response::Response;
use gatebook_aggregates::identifiers::{EntityId, GroupId};
use gatebook_aggregates::refusal::Refusal;
use gatebook_projections::groups::GroupRow;
use maud::{Markup, html};

use crate::application::{Failure, GroupChange};
use crate::web::error::Problem;
use crate::web::extract::PathOf;
use crate::web::pages::current_user::{OperatorUser, SignedIn};
use crate::web::pages::form::{Form, SubmittedForm};
use crate::web::pages::form_errors::Errors;
use crate::web::pages::inputs::Field;
use crate::web::pages::operator::group::{ConfirmForm, back, form_for, question, removed, stopping};
use crate::web::pages::operator::groups::{all_three, group_path, label};
use crate::web::pages::rehearsal;
use crate::web::service::Service;

/// Adds or renames an entity.
pub(super) async fn put(
    service: &Service,
    operator: &OperatorUser,
    id: &GroupId,
    form: &Form,
) -> Result<Response, Failure> {
    let entity_id = EntityId::parse(form.text("entity_id"));
    let (entity_id, name, ()) = all_three(entity_id, label("entity_name", form), Ok(()))?;
    service.put_entity(operator.operator()?, id, entity_id, name).await?;
    Ok(back(id, "saved"))
}

/// `GET /operator/groups/{id}/entities/{entity_id}/remove`: asks first.
pub async fn ask_to_remove(
    State(service): State<Service>,
    SignedIn(operator): SignedIn<OperatorUser>,
    PathOf((id, entity_id)): PathOf<(GroupId, EntityId)>,
) -> Result<Response, Problem> {
    Ok(ask(&service, &operator, &id, entity_id).await?)
}

/// `POST /operator/groups/{id}/entities/{entity_id}/remove`
pub async fn remove(
    State(service): State<Service>,
    PathOf((id, entity_id)): PathOf<(GroupId, EntityId)>,
    SubmittedForm { user: operator, form }: SubmittedForm<OperatorUser>,
) -> Result<Response, Problem> {
    if form.is_to_be_shown_again() {
        return Ok(ask(&service, &operator, &id, entity_id).await?);
    }
    removed(&id, service.remove_entity(operator.operator()?, &id, entity_id).await)
}

async fn ask(
    service: &Service,
    operator: &OperatorUser,
    id: &GroupId,
    entity_id: EntityId,
) -> Result<Response, Failure> {
    let group = service.group(id).await?.ok_or(Refusal::NotFound)?;
    let name = group.customer.entities.get(&entity_id).ok_or(Refusal::NotFound)?;
    let title = html! { "Remove " bdi { (name.as_str()) } " from " bdi { (group.customer.name.as_str()) } "?" };
    Ok(question(
        operator,
        &group,
        &ConfirmForm {
            title,
            rehearsal: rehearsal::of_group(service, operator, id, GroupChange::RemoveEntity(entity_id.clone())).await,
            message: html! {
                p { "Applications lose access to this entity at once." }
                (stopping::applications(service, operator, id, Some(entity_id.clone())).await?)
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

pub(super) fn table(group: &GroupRow) -> Markup {
    html! {
        @if group.customer.entities.is_empty() { p { "No entities yet." } }
        @else {
            div.scroll tabindex="0" role="region" aria-label="Entities" {
                table.table.stacked {
                    thead { tr { th scope="col" { "Name" } th scope="col" { "Id" } th scope="col" { "Actions" } } }
                    tbody {
                        @for (id, name) in &group.customer.entities {
                            tr {
                                th scope="row" { bdi { (name.as_str()) } }
                                td data-th="Id" { code { (id) } }
                                td {
                                    a.button href=(remove_path(&group.group_id, id))
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

pub(super) fn form(operator: &OperatorUser, group: &GroupRow, form: &Form, errors: &Errors) -> Markup {
    let fields = html! {
        (Field { name: "entity_id", label: "Entity id", value: form.text("entity_id"), ..Field::default() }.input(errors))
        (Field { name: "entity_name", label: "Entity name", value: form.text("entity_name"), ..Field::default() }.input(errors))
        button.button.primary type="submit" { "Add or rename" }
    };
    html! {
        details.fold open[form.has("do")] {
            summary { "Add or rename an entity" }
            (form_for(operator, group, "put-entity", &fields))
        }
    }
}
