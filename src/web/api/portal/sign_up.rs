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
use crate::web::extract::{Anyone, JsonBody, Service};

/// What a developer signs up with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignUpRequest {
    /// What follows `?invite=` in the link.
    #[schema(value_type = String)]
    invite_token: Option<String>,
    /// The six digits from the mail, as people type them: full-width digits, spaces and dashes are read.
    #[schema(value_type = String, example = "493021")]
    code: Option<String>,
    /// The developer's name, 1 to 200 characters.
    #[schema(value_type = String)]
    full_name: Option<String>,
    /// At least 15 characters; no rules about their kind, but nothing that is guessed first.
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
        (status = 201, description = "The account exists.", body = SignedUp),
        (status = 403, description = "`plan_required`: the group that invited is off the plan.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`invite_unknown`: not known, used, or replaced by a newer one.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`developer_already_signed_up`, `app_revoked`, `app_suspended`.", body = Problem, content_type = "application/problem+json"),
        (status = 410, description = "`invite_expired`, or `code_expired`: ten minutes or five tries are over; ask for a new code.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`code_wrong` with `attempts_left`, `invalid_code`, `password_too_short`, `password_too_long`, `password_too_common`, `invalid_password`, `invalid_full_name`, `required`, `unknown_field`.", body = Problem, content_type = "application/problem+json"),
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
