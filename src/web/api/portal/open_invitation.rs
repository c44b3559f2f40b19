//! `POST /portal/api/v1/sign-up/invitation`: R18, R19.

use axum::Json;
use axum::extract::State;
use gatebook_aggregates::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::web::api::portal::problems::{BodyProblems, VisitorProblems};
use crate::web::api::portal::required::required;
use crate::web::error::Problem;
use crate::web::extract::{Anyone, JsonBody};
use crate::web::service::Service;

/// The token of an invitation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvitationLink {
    /// The part of the link after `?invite=`.
    #[schema(value_type = String)]
    pub(super) invite_token: Option<String>,
}

/// An invitation that can be accepted.
#[derive(Serialize, ToSchema)]
pub struct InvitationAnswer {
    /// The e-mail address that it was sent to.
    email: String,
    /// When it expires.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// Check an invitation
///
/// Whom it was sent to, and until when it is valid, for checking the address before signing up. Changes nothing.
#[utoipa::path(
    post,
    path = "/portal/api/v1/sign-up/invitation",
    tag = "Developers",
    request_body = InvitationLink,
    responses(
        (status = 200, description = "The invitation can be accepted.", body = InvitationAnswer),
        (status = 404, description = "`invite_unknown`: the invitation is unknown, has been used, or was replaced by a \
                                      newer one.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`developer_already_signed_up`: the address already has an account; log in.", body = Problem, content_type = "application/problem+json"),
        (status = 410, description = "`invite_expired`: the invitation is older than three days.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`required`, `unknown_field`.", body = Problem, content_type = "application/problem+json"),
        BodyProblems,
        VisitorProblems,
    ),
    security(())
)]
pub async fn open_invitation(
    State(service): State<Service>,
    Anyone(caller): Anyone,
    JsonBody { value: body, .. }: JsonBody<InvitationLink>,
) -> Result<Json<InvitationAnswer>, Problem> {
    let [invite_token] = required([("invite_token", body.invite_token)])?;
    let invitation = service.open_invitation(&caller, &invite_token).await?;
    Ok(Json(InvitationAnswer {
        email: invitation.email,
        expires_at: invitation.expires_at,
    }))
}
