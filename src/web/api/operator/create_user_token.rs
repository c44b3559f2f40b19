//! `POST /groups/{group_id}/users/{user_id}/tokens`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use gatebook_aggregates::identifiers::{GroupId, UserId};

use crate::web::api::admin::change::{KeyedBody, WithIfMatch, WithKey};
use crate::web::api::json::{NewToken, NewTokenBody, OperatorAppProblems};
use crate::web::error::Problem;
use crate::web::extract::{IfMatch, Operator, PathOf};
use crate::web::service::Service;

/// Create a user token
///
/// For the admins' API. It expires after a year at the latest. The answer shows it, once.
#[utoipa::path(
    post,
    path = "/operator/api/v1/groups/{group_id}/users/{user_id}/tokens",
    tag = "Operators",
    params(
        ("group_id" = String, Path, description = "The group's id."),
        ("user_id" = String, Path, description = "The user's id."),
        WithIfMatch,
        WithKey
    ),
    request_body = NewTokenBody,
    responses((status = 201, description = "The token", body = NewToken), OperatorAppProblems),
    security(("operator_token" = []))
)]
pub async fn create_user_token(
    Operator(caller): Operator,
    State(service): State<Service>,
    PathOf((group_id, user_id)): PathOf<(String, String)>,
    IfMatch(if_match): IfMatch,
    body: KeyedBody<NewTokenBody>,
) -> Result<(StatusCode, Json<NewToken>), Problem> {
    let (group_id, user_id) = (GroupId::parse(&group_id)?, UserId::parse(&user_id)?);
    let (name, ends) = body.value.read()?;
    let key = body.key(&caller)?;
    let caller = caller.insisting_on(if_match).once(key);
    let made = service
        .issue_user_token_once(caller.operator()?, &group_id, user_id, name, ends)
        .await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}
