//! `GET /me`.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::application::{Failure, Who};
use crate::web::api::json::{GroupJson, ReadProblems, User};
use crate::web::error::Problem;
use crate::web::extract::Admin;
use crate::web::service::Service;

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
pub async fn get_me(Admin(caller): Admin, State(service): State<Service>) -> Result<Json<Me>, Problem> {
    let group = service.callers_group(&caller).await?;
    let Who::GroupUser { user_id, .. } = &caller.who else {
        return Err(Failure::Unauthenticated.into());
    };
    let user = group.user(user_id).ok_or(Failure::Unauthenticated)?;
    Ok(Json(Me {
        user: User::from((user_id, user)),
        group: GroupJson::from(&group),
    }))
}
