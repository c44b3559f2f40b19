//! `DELETE /groups/{group_id}/entities/{entity_id}`.

use axum::extract::State;
use axum::http::StatusCode;
use gatebook_aggregates::identifiers::{EntityId, GroupId};

use crate::web::api::admin::change::WithIfMatch;
use crate::web::api::json::OperatorAppProblems;
use crate::web::error::Problem;
use crate::web::extract::{IfMatch, Operator, PathOf};
use crate::web::service::Service;

/// Remove an entity
///
/// No application can use its data any more, at once.
#[utoipa::path(
    delete,
    path = "/operator/api/v1/groups/{group_id}/entities/{entity_id}",
    tag = "Operators",
    params(
        ("group_id" = String, Path, description = "The group's id."),
        ("entity_id" = String, Path, description = "The entity's id."),
        WithIfMatch
    ),
    responses((status = 204, description = "Deleted"), OperatorAppProblems),
    security(("operator_token" = []))
)]
pub async fn delete_entity(
    Operator(caller): Operator,
    State(service): State<Service>,
    PathOf((group_id, entity_id)): PathOf<(String, String)>,
    IfMatch(if_match): IfMatch,
) -> Result<StatusCode, Problem> {
    let caller = caller.insisting_on(if_match);
    let (group_id, entity_id) = (GroupId::parse(&group_id)?, EntityId::parse(&entity_id)?);
    service.remove_entity(caller.operator()?, &group_id, entity_id).await?;
    Ok(StatusCode::NO_CONTENT)
}
