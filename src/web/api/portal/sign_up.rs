//! `POST /portal/api/v1/sign-up`: R19.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use gatebook_aggregates::identifiers::DeveloperId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::application::SignUpForm;
use crate::web::api::portal::problems::{BodyProblems, VisitorProblems};
use crate::web::error::Problem;
use crate::web::extract::{Anyone, JsonBody};
use crate::web::service::Service;

/// The data of the new account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignUpRequest {
    /// The part of the link after `?invite=`.
    #[schema(value_type = String)]
    invite_token: Option<String>,
    /// The six digits from the e-mail. Full-width digits, spaces and dashes are accepted.
    #[schema(value_type = String, example = "493021")]
    code: Option<String>,
    /// The developer's name, 1 to 200 characters.
    #[schema(value_type = String)]
    full_name: Option<String>,
    /// At least 15 characters of any kind; passwords that are easy to guess are refused.
    #[schema(value_type = String, format = Password)]
    password: Option<String>,
}

/// The new account.
#[derive(Serialize, ToSchema)]
pub struct SignedUp {
    /// The developer's id.
    #[schema(value_type = String, format = "uuid")]
    id: DeveloperId,
}

/// Sign up
///
/// Creates the developer's account for the invited address, and accepts the invitation. Log in afterwards.
#[utoipa::path(
    post,
    path = "/portal/api/v1/sign-up",
    tag = "Developers",
    request_body = SignUpRequest,
    responses(
        (status = 201, description = "The account has been created.", body = SignedUp),
        (status = 403, description = "`plan_required`: the group that sent the invitation is not on the plan.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`invite_unknown`: the invitation is unknown, has been used, or was replaced by a \
                                      newer one.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`developer_already_signed_up`, `app_revoked`, `app_suspended`.", body = Problem, content_type = "application/problem+json"),
        (status = 410, description = "`invite_expired`; or `code_expired`: the code is older than ten minutes or was \
                                      wrong five times, so request a new one.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`code_wrong` with `attempts_left`, `invalid_code`, `password_too_short`, \
                                      `password_too_long`, `password_too_common`, `invalid_password`, \
                                      `invalid_full_name`, `required`, `unknown_field`.", body = Problem, content_type = "application/problem+json"),
        BodyProblems,
        VisitorProblems,
    ),
    security(())
)]
pub async fn sign_up(
    State(service): State<Service>,
    Anyone(caller): Anyone,
    JsonBody { value: body, .. }: JsonBody<SignUpRequest>,
) -> Result<(StatusCode, Json<SignedUp>), Problem> {
    let form = SignUpForm {
        invite_token: body.invite_token.unwrap_or_default(),
        code: body.code.unwrap_or_default(),
        full_name: body.full_name.unwrap_or_default(),
        password: body.password.unwrap_or_default(),
    };
    let id = service.sign_up(&caller, &form).await?;
    Ok((StatusCode::CREATED, Json(SignedUp { id })))
}
