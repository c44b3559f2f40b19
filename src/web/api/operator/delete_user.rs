//! `DELETE /groups/{group_id}/users/{user_id}`.

use axum::extract::State;
use axum::http::StatusCode;
use gatebook_aggregates::identifiers::{GroupId, UserId};

use crate::web::api::admin::change::WithIfMatch;
use crate::web::api::json::OperatorAppProblems;
use crate::web::error::Problem;
use crate::web::extract::{IfMatch, Operator, PathOf};
use crate::web::service::Service;

/// Remove a user
///
/// From a group, with tokens and permissions, at once.
#[utoipa::path(
    delete,
    path = "/operator/api/v1/groups/{group_id}/users/{user_id}",
    tag = "Operators",
    params(
        ("group_id" = String, Path, description = "The group's id."),
        ("user_id" = String, Path, description = "The user's id."),
        WithIfMatch
    ),
    responses((status = 204, description = "Deleted"), OperatorAppProblems),
    security(("operator_token" = []))
)]
pub async fn delete_user(
    Operator(caller): Operator,
    State(service): State<Service>,
    PathOf((group_id, user_id)): PathOf<(String, String)>,
    IfMatch(if_match): IfMatch,
) -> Result<StatusCode, Problem> {
    let caller = caller.insisting_on(if_match);
    let (group_id, user_id) = (GroupId::parse(&group_id)?, UserId::parse(&user_id)?);
    service.remove_user(caller.operator()?, &group_id, user_id).await?;
    Ok(StatusCode::NO_CONTENT)
}
