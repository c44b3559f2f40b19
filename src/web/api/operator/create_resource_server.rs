//! `POST /resource-servers`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use crate::web::api::admin::change::{KeyedBody, WithKey};
use crate::web::api::json::{NamedBody, NewResourceServer, OperatorChangeProblems};
use crate::web::error::Problem;
use crate::web::extract::Operator;
use crate::web::service::Service;

/// Create a resource server
///
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
        .create_resource_server_once(caller.once(key).operator()?, &body.value.read()?)
        .await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}
