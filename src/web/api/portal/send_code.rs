//! `POST /portal/api/v1/sign-up/code`: R19.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::application::Who;
use crate::web::api::admin::change::{KeyedBody, WithKey};
use crate::web::api::portal::open_invitation::InvitationLink;
use crate::web::api::portal::problems::{BodyProblems, VisitorProblems};
use crate::web::api::portal::required::required;
use crate::web::error::Problem;
use crate::web::extract::Anyone;
use crate::web::service::Service;

/// The code is on its way.
#[derive(Serialize, ToSchema)]
pub struct CodeSent {}

/// Send a verification code
///
/// By e-mail to the invited address: six digits, valid for ten minutes and five tries. A newer code replaces an older
/// one.
#[utoipa::path(
    post,
    path = "/portal/api/v1/sign-up/code",
    tag = "Developers",
    params(WithKey),
    request_body = InvitationLink,
    responses(
        (status = 202, description = "The code is on its way.", body = CodeSent),
        (status = 403, description = "`plan_required`: the group that sent the invitation is not on the plan.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`invite_unknown`: the invitation is unknown, has been used, or was replaced by a \
                                      newer one.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`developer_already_signed_up`, `app_revoked`, `app_suspended`.", body = Problem, content_type = "application/problem+json"),
        (status = 410, description = "`invite_expired`: the invitation is older than three days.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`required`, `unknown_field`, `idempotency_key_reused`.", body = Problem, content_type = "application/problem+json"),
        BodyProblems,
        VisitorProblems,
    ),
    security(())
)]
pub async fn send_verification_code(
    State(service): State<Service>,
    Anyone(caller): Anyone,
    body: KeyedBody<InvitationLink>,
) -> Result<(StatusCode, Json<CodeSent>), Problem> {
    // The caller has no account yet, so the idempotency key belongs to the invitation.
    let invitee = caller.with(Who::Invitee {
        id: body.value.invite_token.clone().unwrap_or_default(),
        name: String::new(),
    });
    let key = body.key(&invitee)?;
    let [invite_token] = required([("invite_token", body.value.invite_token)])?;
    service.send_verification_code(&caller.once(key), &invite_token).await?;
    Ok((StatusCode::ACCEPTED, Json(CodeSent {})))
}
