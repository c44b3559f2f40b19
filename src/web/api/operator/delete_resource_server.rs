//! `DELETE /resource-servers/{client_id}`.

use axum::extract::State;
use axum::http::StatusCode;

use crate::web::api::json::OperatorChangeProblems;
use crate::web::error::Problem;
use crate::web::extract::{Operator, PathOf};
use crate::web::service::Service;

/// Delete a resource server
///
/// The credentials of the gateway stop working at once.
#[utoipa::path(
    delete,
    path = "/operator/api/v1/resource-servers/{client_id}",
    tag = "Operators",
    params(("client_id" = String, Path, description = "The gateway's client id.")),
    responses((status = 204, description = "Deleted"), OperatorChangeProblems),
    security(("operator_token" = []))
)]
pub async fn delete_resource_server(
    Operator(caller): Operator,
    State(service): State<Service>,
    PathOf(client_id): PathOf<String>,
) -> Result<StatusCode, Problem> {
    service.delete_resource_server(caller.operator()?, &client_id).await?;
    Ok(StatusCode::NO_CONTENT)
}
