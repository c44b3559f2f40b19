//! `GET /resource-servers`.

use axum::Json;
use axum::extract::State;

use crate::http::error::Problem;
use crate::http::extract::{App, Operator};
use crate::http::json::{Items, OperatorReadProblems, ResourceServer};

/// Which gateways may introspect and verify?
#[utoipa::path(
    get,
    path = "/operator/api/v1/resource-servers",
    tag = "Operators",
    responses(
        (status = 200, description = "All resource servers, oldest first", body = Items<ResourceServer>),
        OperatorReadProblems
    ),
    security(("operator_token" = []))
)]
pub async fn list_resource_servers(
    _operator: Operator,
    State(app): State<App>,
) -> Result<Json<Items<ResourceServer>>, Problem> {
    let servers = app.resource_servers().await?;
    Ok(Json(Items {
        items: servers.into_iter().map(ResourceServer::from).collect(),
    }))
}
