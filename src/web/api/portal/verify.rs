//! `POST /portal/api/v1/apps/{id}/verify`: R14, R15, R17.

use axum::Json;
use axum::extract::State;
use gatebook_aggregates::identifiers::AppId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::web::api::admin::change::{KeyedBody, WithKey};
use crate::web::api::portal::problems::{BodyProblems, SessionProblems};
use crate::web::api::portal::required::required;
use crate::web::error::Problem;
use crate::web::extract::{AuthenticatedDeveloper, PathOf};
use crate::web::service::Service;

/// The one-time password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifyRequest {
    /// The OTP from the admin. Case, full-width characters, spaces, dashes and the look-alikes I, L and O do not
    /// matter.
    #[schema(value_type = String, example = "K7QM-2F9D")]
    otp: Option<String>,
}

/// The application has been verified.
#[derive(Serialize, ToSchema)]
pub struct Verified {
    /// Always `true`.
    verified: bool,
}

/// Verify an application
///
/// With its one-time password (OTP). Opens the application's details to the developer. Five wrong tries lock the OTP;
/// then, and after three days, the admin has to reset it.
#[utoipa::path(
    post,
    path = "/portal/api/v1/apps/{id}/verify",
    tag = "Developers",
    params(("id" = String, Path, description = "The application's id."), WithKey),
    request_body = VerifyRequest,
    responses(
        (status = 200, description = "The application has been verified.", body = Verified),
        (status = 403, description = "`plan_required`: the group is not on the plan.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`: it is not one of the developer's applications.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`already_verified`, `app_suspended`, `app_revoked`.", body = Problem, content_type = "application/problem+json"),
        (status = 410, description = "`otp_expired`: the OTP is older than three days.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`otp_wrong` with `attempts_left`; `invalid_otp`: not eight letters and digits, \
                                      which does not count as a try; `required`, `unknown_field`, \
                                      `idempotency_key_reused`.", body = Problem, content_type = "application/problem+json"),
        (status = 423, description = "`otp_locked`: five wrong tries.", body = Problem, content_type = "application/problem+json"),
        BodyProblems,
        SessionProblems,
    ),
    security(("developer_session" = []))
)]
pub async fn verify_otp(
    State(service): State<Service>,
    developer: AuthenticatedDeveloper,
    PathOf(app_id): PathOf<AppId>,
    body: KeyedBody<VerifyRequest>,
) -> Result<Json<Verified>, Problem> {
    let key = body.key(&developer.caller)?;
    let [otp] = required([("otp", body.value.otp)])?;
    let caller = developer.caller.once(key);
    let developer = service.linked_developer(&caller, app_id).await?;
    service.verify_otp(&developer, &otp).await?;
    Ok(Json(Verified { verified: true }))
}
