//! `GET /groups/{group_id}`.

use axum::extract::State;
use gatebook_aggregates::identifiers::GroupId;

use crate::web::api::json::{GroupDetails, OperatorReadProblems, Versioned};
use crate::web::error::Problem;
use crate::web::extract::{Operator, PathOf};
use crate::web::service::Service;

/// Get a group
///
/// With its entities, its users and their tokens.
#[utoipa::path(
    get,
    path = "/operator/api/v1/groups/{group_id}",
    tag = "Operators",
    params(("group_id" = String, Path, description = "The group's id.")),
    responses(
        (status = 200, description = "The group", body = GroupDetails, headers(("ETag" = String, description = "The group's version, quoted"))),
        OperatorReadProblems
    ),
    security(("operator_token" = []))
)]
pub async fn get_group(
    _operator: Operator,
    State(service): State<Service>,
    PathOf(group_id): PathOf<String>,
) -> Result<Versioned<GroupDetails>, Problem> {
    let group = service.group(&GroupId::parse(&group_id)?).await?;
    let group = group.ok_or_else(Problem::not_found)?;
    Ok(Versioned(group.version, GroupDetails::from(&group)))
}
