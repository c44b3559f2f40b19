//! `GET /me`.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

use crate::web::api::json::{GroupJson, ReadProblems, User};
use crate::web::error::Problem;
use crate::web::extract::Admin;

/// A user and their group.
#[derive(Serialize, ToSchema)]
pub struct Me {
    /// The user of the token.
    user: User,
    /// Their group.
    group: GroupJson,
}

/// Get the current user
///
/// Who you are, and what you may do.
#[utoipa::path(
    get,
    path = "/api/v1/me",
    tag = "Admins",
    responses((status = 200, description = "The user of the token, and their group", body = Me), ReadProblems),
    security(("user_token" = []))
)]
pub async fn get_me(Admin(caller): Admin) -> Result<Json<Me>, Problem> {
    let member = caller.member()?;
    Ok(Json(Me {
        user: User::from((member.user_id(), member.user())),
        group: GroupJson::from(&**member.group()),
    }))
}
