//! `PUT` and `DELETE /users/{id}/permissions/{permission}`.

use axum::Json;
use axum::extract::State;
use gatebook_aggregates::group::Permission;
use gatebook_aggregates::identifiers::UserId;

use crate::application::Caller;
use crate::http::error::Problem;
use crate::http::extract::{Admin, App, PathOf};
use crate::http::json::{PermissionProblems, User};

/// Grants a permission to a user of the group.
///
/// Practice Admins only. Granted twice is granted once.
#[utoipa::path(
    put,
    path = "/api/v1/users/{id}/permissions/{permission}",
    tag = "Admins",
    params(
        ("id" = String, Path, description = "The user."),
        ("permission" = String, Path, description = "`manage_integration_applications` or `view_activity_logs`.")
    ),
    responses((status = 200, description = "The user", body = User), PermissionProblems),
    security(("user_token" = []))
)]
pub async fn grant_permission(
    Admin(caller): Admin,
    State(app): State<App>,
    PathOf(path): PathOf<(String, String)>,
) -> Result<Json<User>, Problem> {
    set(&caller, &app, path, true).await
}

/// Withdraws a permission from a user of the group.
///
/// Practice Admins only. Withdrawn twice is withdrawn once.
#[utoipa::path(
    delete,
    path = "/api/v1/users/{id}/permissions/{permission}",
    tag = "Admins",
    params(
        ("id" = String, Path, description = "The user."),
        ("permission" = String, Path, description = "`manage_integration_applications` or `view_activity_logs`.")
    ),
    responses((status = 200, description = "The user", body = User), PermissionProblems),
    security(("user_token" = []))
)]
pub async fn withdraw_permission(
    Admin(caller): Admin,
    State(app): State<App>,
    PathOf(path): PathOf<(String, String)>,
) -> Result<Json<User>, Problem> {
    set(&caller, &app, path, false).await
}

/// What is no id, or no permission, does not exist here.
async fn set(caller: &Caller, app: &App, path: (String, String), granted: bool) -> Result<Json<User>, Problem> {
    let user_id = UserId::parse(&path.0).map_err(|_| Problem::not_found())?;
    let permission: Permission = path.1.parse().map_err(|_| Problem::not_found())?;
    let group = app.set_permission(caller, user_id.clone(), permission, granted).await?;
    let user = group.user(&user_id).ok_or_else(Problem::not_found)?;
    Ok(Json(User::from((&user_id, user))))
}
