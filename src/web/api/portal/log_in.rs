//! `POST /portal/api/v1/session`: a developer logs in.

use axum::Json;
use axum::extract::State;
use gatebook_aggregates::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::application::{Failure, PortalClient};
use crate::web::api::portal::problems::{BodyProblems, VisitorProblems};
use crate::web::api::portal::required::required;
use crate::web::error::Problem;
use crate::web::extract::{Anyone, Device, JsonBody};
use crate::web::service::Service;

/// A developer's credentials.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LogInRequest {
    /// The e-mail address of the account.
    #[schema(value_type = String, format = "email")]
    email: Option<String>,
    /// The password.
    #[schema(value_type = String, format = Password)]
    password: Option<String>,
}

/// A new session.
#[derive(Serialize, ToSchema)]
pub struct SessionAnswer {
    /// The token to send as `Authorization: Bearer …`. It is shown only once.
    token: String,
    /// When the session expires.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// Log in
///
/// Begins a session.
#[utoipa::path(
    post,
    path = "/portal/api/v1/session",
    tag = "Developers",
    request_body = LogInRequest,
    responses(
        (status = 200, description = "The session.", body = SessionAnswer),
        (status = 401, description = "`unauthenticated`: the e-mail address or the password is wrong; the answer does \
                                      not say which.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`required`, `unknown_field`.", body = Problem, content_type = "application/problem+json"),
        BodyProblems,
        VisitorProblems,
    ),
    security(())
)]
pub async fn log_in(
    State(service): State<Service>,
    Anyone(caller): Anyone,
    Device(device): Device,
    JsonBody { value: body, .. }: JsonBody<LogInRequest>,
) -> Result<Json<SessionAnswer>, Problem> {
    let [email, password] = required([("email", body.email), ("password", body.password)])?;
    let session = service
        .log_in(&caller, PortalClient::Api, &email, &password, &device)
        .await;
    let session = session.map_err(refused)?;
    Ok(Json(SessionAnswer {
        token: session.token,
        expires_at: session.expires_at,
    }))
}

/// The same problem as for a wrong token, with a message about the password instead.
fn refused(failure: Failure) -> Problem {
    let wrong = matches!(failure, Failure::Unauthenticated);
    let mut problem = Problem::from(failure);
    if wrong {
        "The e-mail address or the password is wrong.".clone_into(&mut problem.detail);
    }
    problem
}
