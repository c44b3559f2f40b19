//! `DELETE /groups/{group_id}/users/{user_id}/tokens/{token_id}`.

use axum::extract::State;
use axum::http::StatusCode;
use gatebook_aggregates::identifiers::{GroupId, UserId};
use uuid::Uuid;

use crate::http::error::Problem;
use crate::http::extract::{App, Operator, PathOf};
use crate::http::json::OperatorChangeProblems;

/// Ends a token of a user, at once.
#[utoipa::path(
    delete,
    path = "/operator/api/v1/groups/{group_id}/users/{user_id}/tokens/{token_id}",
    tag = "Operators",
    params(
        ("group_id" = String, Path, description = "The group."),
        ("user_id" = String, Path, description = "The user."),
        ("token_id" = String, Path, format = "uuid", description = "The token's id.")
    ),
    responses((status = 204, description = "Gone"), OperatorChangeProblems),
    security(("operator_token" = []))
)]
pub async fn delete_user_token(
    Operator(caller): Operator,
    State(app): State<App>,
    PathOf((group_id, user_id, token_id)): PathOf<(String, String, Uuid)>,
) -> Result<StatusCode, Problem> {
    let (group_id, user_id) = (GroupId::parse(&group_id)?, UserId::parse(&user_id)?);
    app.revoke_user_token(&caller, &group_id, user_id, token_id).await?;
    Ok(StatusCode::NO_CONTENT)
}
