//! `POST /groups/{group_id}/users/{user_id}/password-link`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use gatebook_aggregates::identifiers::{GroupId, UserId};

use crate::web::api::admin::change::{KeyedBody, WithKey};
use crate::web::api::json::{NoFields, OperatorChangeProblems};
use crate::web::error::Problem;
use crate::web::extract::{Operator, PathOf};
use crate::web::service::Service;

/// Send a password link
///
/// E-mails a user the link with which they choose the password for the console. It works once, for three days; a newer
/// link replaces it.
#[utoipa::path(
    post,
    path = "/operator/api/v1/groups/{group_id}/users/{user_id}/password-link",
    tag = "Operators",
    params(
        ("group_id" = String, Path, description = "The group's id."),
        ("user_id" = String, Path, description = "The user's id."),
        WithKey
    ),
    request_body = Option<NoFields>,
    responses((status = 202, description = "The link is on its way.", body = NoFields), OperatorChangeProblems),
    security(("operator_token" = []))
)]
pub async fn send_password_link(
    Operator(caller): Operator,
    State(service): State<Service>,
    PathOf((group_id, user_id)): PathOf<(String, String)>,
    nothing: KeyedBody<NoFields>,
) -> Result<(StatusCode, Json<NoFields>), Problem> {
    let (group_id, user_id) = (GroupId::parse(&group_id)?, UserId::parse(&user_id)?);
    let key = nothing.key(&caller)?;
    service
        .send_password_link(&caller.once(key), &group_id, &user_id)
        .await?;
    Ok((StatusCode::ACCEPTED, Json(NoFields {})))
}
