//! `PUT` and `DELETE /users/{id}/permissions/{permission}`.

use axum::extract::State;
use gatebook_aggregates::group::Permission;
use gatebook_aggregates::identifiers::UserId;

use crate::application::Caller;
use crate::web::api::admin::change::WithIfMatch;
use crate::web::api::json::{PermissionProblems, User, Versioned};
use crate::web::error::Problem;
use crate::web::extract::{Admin, IfMatch, PathOf};
use crate::web::service::Service;

/// Grant a permission
///
/// For Practice Admins only. Granting it twice is the same as granting it once.
#[utoipa::path(
    put,
    path = "/api/v1/users/{id}/permissions/{permission}",
    tag = "Admins",
    params(
        ("id" = String, Path, description = "The user's id."),
        ("permission" = String, Path, description = "`manage_integration_applications` or `view_activity_logs`."),
        WithIfMatch
    ),
    responses((status = 200, description = "The user", body = User, headers(("ETag" = String, description = "The group's version, quoted; also in `GET /me`"))), PermissionProblems),
    security(("user_token" = []))
)]
pub async fn grant_permission(
    Admin(caller): Admin,
    State(service): State<Service>,
    PathOf(path): PathOf<(String, String)>,
    IfMatch(if_match): IfMatch,
) -> Result<Versioned<User>, Problem> {
    set(&caller.insisting_on(if_match), &service, path, true).await
}

/// Withdraw a permission
///
/// For Practice Admins only. Withdrawing it twice is the same as withdrawing it once.
#[utoipa::path(
    delete,
    path = "/api/v1/users/{id}/permissions/{permission}",
    tag = "Admins",
    params(
        ("id" = String, Path, description = "The user's id."),
        ("permission" = String, Path, description = "`manage_integration_applications` or `view_activity_logs`."),
        WithIfMatch
    ),
    responses((status = 200, description = "The user", body = User, headers(("ETag" = String, description = "The group's version, quoted; also in `GET /me`"))), PermissionProblems),
    security(("user_token" = []))
)]
pub async fn withdraw_permission(
    Admin(caller): Admin,
    State(service): State<Service>,
    PathOf(path): PathOf<(String, String)>,
    IfMatch(if_match): IfMatch,
) -> Result<Versioned<User>, Problem> {
    set(&caller.insisting_on(if_match), &service, path, false).await
}

/// An invalid id or permission in the path is answered like one that does not exist.
async fn set(
    caller: &Caller,
    service: &Service,
    path: (String, String),
    granted: bool,
) -> Result<Versioned<User>, Problem> {
    let user_id = UserId::parse(&path.0).map_err(|_| Problem::not_found())?;
    let permission: Permission = path.1.parse().map_err(|_| Problem::not_found())?;
    let group = service
        .set_permission(caller.practice_admin()?, user_id.clone(), permission, granted)
        .await?;
    let user = group.user(&user_id).ok_or_else(Problem::not_found)?;
    Ok(Versioned(group.version, User::from((&user_id, user))))
}
