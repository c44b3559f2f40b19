//! `GET /resource-servers`.

use axum::Json;
use axum::extract::State;

use crate::web::api::json::{Items, OperatorReadProblems, ResourceServerJson};
use crate::web::error::Problem;
use crate::web::extract::Operator;
use crate::web::service::Service;

/// List resource servers
///
/// The gateways that may introspect and verify.
#[utoipa::path(
    get,
    path = "/operator/api/v1/resource-servers",
    tag = "Operators",
    responses(
        (status = 200, description = "All resource servers, oldest first", body = Items<ResourceServerJson>),
        OperatorReadProblems
    ),
    security(("operator_token" = []))
)]
pub async fn list_resource_servers(
    Operator(operator): Operator,
    State(service): State<Service>,
) -> Result<Json<Items<ResourceServerJson>>, Problem> {
    let servers = service.resource_servers(operator.operator()?).await?;
    Ok(Json(Items {
        items: servers.into_iter().map(ResourceServerJson::from).collect(),
    }))
}
