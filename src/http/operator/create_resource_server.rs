//! `POST /resource-servers`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use crate::http::admin::change::{KeyedBody, WithKey};
use crate::http::error::Problem;
use crate::http::extract::{Operator, Service};
use crate::http::json::{NamedBody, NewResourceServer, OperatorChangeProblems};

/// Makes credentials for a gateway. The answer shows them, once.
#[utoipa::path(
    post,
    path = "/operator/api/v1/resource-servers",
    tag = "Operators",
    params(WithKey),
    request_body = NamedBody,
    responses((status = 201, description = "The credentials", body = NewResourceServer), OperatorChangeProblems),
    security(("operator_token" = []))
)]
pub async fn create_resource_server(
    Operator(caller): Operator,
    State(service): State<Service>,
    body: KeyedBody<NamedBody>,
) -> Result<(StatusCode, Json<NewResourceServer>), Problem> {
    let key = body.key(&caller)?;
    let made = service
        .create_resource_server_once(&caller.once(key), &body.value.read()?)
        .await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}
