//! `DELETE /groups/{group_id}/users/{user_id}/tokens/{token_id}`.

use axum::extract::State;
use axum::http::StatusCode;
use gatebook_aggregates::identifiers::{ApiTokenId, GroupId, UserId};

use crate::web::api::admin::change::WithIfMatch;
use crate::web::api::json::OperatorAppProblems;
use crate::web::error::Problem;
use crate::web::extract::{IfMatch, Operator, PathOf};
use crate::web::service::Service;

/// Delete a user token
///
/// It stops working at once.
#[utoipa::path(
    delete,
    path = "/operator/api/v1/groups/{group_id}/users/{user_id}/tokens/{token_id}",
    tag = "Operators",
    params(
        ("group_id" = String, Path, description = "The group's id."),
        ("user_id" = String, Path, description = "The user's id."),
        ("token_id" = String, Path, format = "uuid", description = "The token's id."),
        WithIfMatch
    ),
    responses((status = 204, description = "Deleted"), OperatorAppProblems),
    security(("operator_token" = []))
)]
pub async fn delete_user_token(
    Operator(caller): Operator,
    State(service): State<Service>,
    PathOf((group_id, user_id, token_id)): PathOf<(String, String, ApiTokenId)>,
    IfMatch(if_match): IfMatch,
) -> Result<StatusCode, Problem> {
    let caller = caller.insisting_on(if_match);
    let (group_id, user_id) = (GroupId::parse(&group_id)?, UserId::parse(&user_id)?);
    service.revoke_user_token(&caller, &group_id, user_id, token_id).await?;
    Ok(StatusCode::NO_CONTENT)
}
