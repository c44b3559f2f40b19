//! `POST /integration-apps/{id}/client-secrets`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use gatebook_aggregates::identifiers::AppId;

use crate::application::ClientSecretOrder;
use crate::web::api::admin::change::{InPath, KeyedBody, WithIfMatch, WithKey};
use crate::web::api::json::{ClientSecretRequest, NewClientSecret, OperatorAppProblems};
use crate::web::error::Problem;
use crate::web::extract::{IfMatch, Operator, PathOf};
use crate::web::service::Service;

/// Create a client secret
///
/// For an AIQ Integrate application. The answer shows it, once.
#[utoipa::path(
    post,
    path = "/operator/api/v1/integration-apps/{id}/client-secrets",
    tag = "Operators",
    params(InPath, WithIfMatch, WithKey),
    request_body = Option<ClientSecretRequest>,
    responses((status = 201, description = "The client secret", body = NewClientSecret), OperatorAppProblems),
    security(("operator_token" = []))
)]
pub async fn create_client_secret(
    Operator(caller): Operator,
    State(service): State<Service>,
    PathOf(id): PathOf<AppId>,
    IfMatch(if_match): IfMatch,
    body: KeyedBody<ClientSecretRequest>,
) -> Result<(StatusCode, Json<NewClientSecret>), Problem> {
    let order = ClientSecretOrder {
        terms: body.value.read()?,
        if_match,
        key: body.key(&caller)?,
    };
    let made = service.operators_client_secret(caller.operator()?, id, &order).await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}
