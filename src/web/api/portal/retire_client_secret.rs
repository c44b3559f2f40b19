//! `DELETE /portal/api/v1/apps/{id}/client-secrets/{secret_id}`: R23.

use axum::extract::State;
use axum::http::StatusCode;
use gatebook_aggregates::identifiers::{AppId, ClientSecretId};

use crate::web::api::admin::change::WithIfMatch;
use crate::web::api::portal::problems::{QueryProblems, SessionProblems};
use crate::web::error::Problem;
use crate::web::extract::{AuthenticatedDeveloper, IfMatch, PathOf};
use crate::web::service::Service;

/// Retire a client secret of my application
///
/// At once. The access tokens that were issued for it end with it.
#[utoipa::path(
    delete,
    path = "/portal/api/v1/apps/{id}/client-secrets/{secret_id}",
    tag = "Developers",
    params(
        ("id" = String, Path, description = "The application's id."),
        ("secret_id" = String, Path, description = "The client secret's id."),
        WithIfMatch,
    ),
    responses(
        (status = 204, description = "The secret has ended."),
        (status = 403, description = "`otp_verification_needed`, `plan_required`.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`: it is not one of the developer's applications, or not one of its \
                                      secrets.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`app_revoked`.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "`version_mismatch`: it has changed since the version in `If-Match`.", body = Problem, content_type = "application/problem+json"),
        QueryProblems,
        SessionProblems,
    ),
    security(("developer_session" = []))
)]
pub async fn portal_retire_client_secret(
    State(service): State<Service>,
    developer: AuthenticatedDeveloper,
    PathOf((app_id, secret_id)): PathOf<(AppId, ClientSecretId)>,
    IfMatch(if_match): IfMatch,
) -> Result<StatusCode, Problem> {
    let caller = developer.caller.insisting_on(if_match);
    let developer = service.linked_developer(&caller, app_id).await?;
    service.retire_client_secret(&developer, secret_id).await?;
    Ok(StatusCode::NO_CONTENT)
}
