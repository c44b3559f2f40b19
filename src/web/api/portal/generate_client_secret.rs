//! `POST /portal/api/v1/apps/{id}/client-secrets`: R23.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use gatebook_aggregates::identifiers::AppId;

use crate::application::ClientSecretOrder;
use crate::web::api::admin::change::{KeyedBody, WithIfMatch, WithKey};
use crate::web::api::json::{ClientSecretRequest, NewClientSecret};
use crate::web::api::portal::problems::{BodyProblems, SessionProblems};
use crate::web::error::Problem;
use crate::web::extract::{AuthenticatedDeveloper, IfMatch, PathOf};
use crate::web::service::Service;

/// Generate a client secret
///
/// The answer shows it, once. Afterwards only its first characters are known. At most two are live at a time: making
/// the second starts an overlap after which the older one ends.
#[utoipa::path(
    post,
    path = "/portal/api/v1/apps/{id}/client-secrets",
    tag = "Developers",
    params(("id" = String, Path, description = "The application's id."), WithIfMatch, WithKey),
    request_body = ClientSecretRequest,
    responses(
        (status = 201, description = "The secret, which is shown only once.", body = NewClientSecret),
        (status = 403, description = "`otp_verification_needed`, `plan_required`.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`: it is not one of the developer's applications.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`client_secret_limit`: two are active; retire one first. `app_suspended`, \
                                      `app_revoked`, `app_expired`.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "`version_mismatch`: it has changed since the version in `If-Match`.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid_overlap_seconds`, `invalid_ends_at`, `unknown_field`, `idempotency_key_reused`.", body = Problem, content_type = "application/problem+json"),
        BodyProblems,
        SessionProblems,
    ),
    security(("developer_session" = []))
)]
pub async fn portal_generate_client_secret(
    State(service): State<Service>,
    developer: AuthenticatedDeveloper,
    PathOf(app_id): PathOf<AppId>,
    IfMatch(if_match): IfMatch,
    body: KeyedBody<ClientSecretRequest>,
) -> Result<(StatusCode, Json<NewClientSecret>), Problem> {
    let order = ClientSecretOrder {
        terms: body.value.read()?,
        if_match,
        key: body.key(&developer.caller)?,
    };
    let developer = service.verified_developer(&developer.caller, app_id).await?;
    let made = service.developers_client_secret(&developer, &order).await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}
