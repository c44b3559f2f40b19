//! `PUT /groups/{group_id}/entities/{entity_id}`.

use axum::extract::State;
use axum::http::StatusCode;
use gatebook_aggregates::identifiers::{EntityId, GroupId};

use crate::web::api::admin::change::WithIfMatch;
use crate::web::api::json::{Named, NamedBody, OperatorAppProblems, Versioned};
use crate::web::api::operator::status;
use crate::web::error::Problem;
use crate::web::extract::{IfMatch, JsonBody, Operator, PathOf};
use crate::web::service::Service;

/// Add or rename an entity
#[utoipa::path(
    put,
    path = "/operator/api/v1/groups/{group_id}/entities/{entity_id}",
    tag = "Operators",
    params(
        ("group_id" = String, Path, description = "The group's id."),
        ("entity_id" = String, Path, description = "Your own id for the entity: 1 to 64 of the characters A-Z a-z 0-9 \
                                                    . _ -"),
        WithIfMatch
    ),
    request_body = NamedBody,
    responses(
        (status = 200, description = "The entity was updated or already had these values", body = Named, headers(("ETag" = String, description = "The group's version, quoted"))),
        (status = 201, description = "The entity was added", body = Named, headers(("ETag" = String, description = "The group's version, quoted"))),
        OperatorAppProblems
    ),
    security(("operator_token" = []))
)]
pub async fn put_entity(
    Operator(caller): Operator,
    State(service): State<Service>,
    PathOf((group_id, entity_id)): PathOf<(String, String)>,
    IfMatch(if_match): IfMatch,
    body: JsonBody<NamedBody>,
) -> Result<(StatusCode, Versioned<Named>), Problem> {
    let caller = caller.insisting_on(if_match);
    let (group_id, entity_id) = (GroupId::parse(&group_id)?, EntityId::parse(&entity_id)?);
    let name = body.value.read()?;
    let entity = Named::entity((&entity_id, &name));
    let (group, outcome) = service
        .put_entity(caller.operator()?, &group_id, entity_id, name)
        .await?;
    Ok((status(outcome), Versioned(group.version, entity)))
}
