//! `PUT /groups/{group_id}/entities`.

use axum::extract::State;
use gatebook_aggregates::identifiers::{EntityId, GroupId};
use gatebook_aggregates::text::Label;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::web::api::admin::change::WithIfMatch;
use crate::web::api::json::{Fields, ListOf, ListProblems, ListResult, Listed, Versioned, text};
use crate::web::api::operator::confirm_removed::{ConfirmRemoved, WithConfirmRemoved};
use crate::web::error::Problem;
use crate::web::extract::{IfMatch, Operator, PathOf, QueryOf};
use crate::web::service::Service;

/// All entities of a group.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutEntities {
    /// All entities; the list may be empty.
    #[schema(value_type = Vec<ListedEntity>)]
    entities: Option<Vec<ListedEntity>>,
}

/// An entity of the list.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListedEntity {
    /// Your own id for the entity: 1 to 64 of the characters A-Z a-z 0-9 . _ -
    #[schema(value_type = String)]
    id: Option<String>,
    /// The entity's name, 1 to 200 characters.
    #[schema(value_type = String)]
    name: Option<String>,
}

impl Listed for ListedEntity {
    type Whole = PutEntities;
    type Id = EntityId;
    type Value = Label;
    const LIST: &'static str = "entities";

    fn of(whole: PutEntities) -> Option<Vec<Self>> {
        whole.entities
    }

    fn read(&self, fields: &mut Fields) -> Option<(EntityId, Label)> {
        let id = fields.id(EntityId::parse(text(&self.id)));
        let name = fields.read(Label::parse("name", text(&self.name)));
        Some((id?, name?))
    }
}

/// Set all entities
///
/// Makes the list the group's entities: adds, renames and removes what is different, in several steps of at most 1,000
/// changes. The call can be repeated: a second time it changes nothing, and after an interruption it does the rest. Errors
/// name the entry, and then nothing has been changed. The body may have 4 MiB. It may also be sent as
/// `application/x-ndjson`, with one entity on each line.
///
/// A list that would remove more than half of the entities is refused with `confirm_removed`, in case the file is empty or
/// cut.
#[utoipa::path(
    put,
    path = "/operator/api/v1/groups/{group_id}/entities",
    tag = "Operators",
    params(("group_id" = String, Path, description = "The group's id."), WithConfirmRemoved, WithIfMatch),
    request_body(content((PutEntities = "application/json"), (String = "application/x-ndjson"))),
    responses(
        (status = 200, description = "The group has these entities", body = ListResult, headers(("ETag" = String, description = "The group's version, quoted"))),
        ListProblems
    ),
    security(("operator_token" = []))
)]
pub async fn put_entities(
    Operator(caller): Operator,
    State(service): State<Service>,
    PathOf(group_id): PathOf<String>,
    QueryOf(confirmed): QueryOf<ConfirmRemoved>,
    IfMatch(if_match): IfMatch,
    list: ListOf<ListedEntity>,
) -> Result<Versioned<ListResult>, Problem> {
    let caller = caller.insisting_on(if_match);
    let (group_id, confirmed) = (GroupId::parse(&group_id)?, confirmed.read()?);
    let changes = service
        .put_entities(caller.operator()?, &group_id, list.read()?, confirmed)
        .await?;
    Ok(Versioned(changes.version, changes.into()))
}
