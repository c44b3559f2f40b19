//! `POST /integration-apps/{id}/client-secrets`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use gatebook_aggregates::identifiers::AppId;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::http::error::Problem;
use crate::http::extract::{App, JsonBody, Operator, PathOf};
use crate::http::json::{NewClientSecret, OperatorChangeProblems};

/// How a client secret takes over from the one before. The body may be left out.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateClientSecret {
    /// How many seconds the secret before it goes on.
    overlap_seconds: Option<i64>,
}

/// Makes a client secret for an AIQ Integrate application. The answer shows it, once.
#[utoipa::path(
    post,
    path = "/operator/api/v1/integration-apps/{id}/client-secrets",
    tag = "Operators",
    params(("id" = String, Path, format = "uuid", description = "The application.")),
    request_body = Option<CreateClientSecret>,
    responses((status = 201, description = "The client secret", body = NewClientSecret), OperatorChangeProblems),
    security(("operator_token" = []))
)]
pub async fn create_client_secret(
    Operator(caller): Operator,
    State(app): State<App>,
    PathOf(id): PathOf<AppId>,
    body: JsonBody<CreateClientSecret>,
) -> Result<(StatusCode, Json<NewClientSecret>), Problem> {
    let issued = app
        .operator_client_secret(&caller, id, body.value.overlap_seconds)
        .await?;
    Ok((StatusCode::CREATED, Json(issued.into())))
}
