//! `GET /healthz`: the process.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

/// How the service is.
#[derive(Serialize, ToSchema)]
pub struct ServiceStatus {
    /// Always `ok`. Other states have other HTTP status codes.
    #[schema(value_type = String)]
    pub(super) status: &'static str,
}

/// Check whether the process is alive
///
/// Asks nothing of the database, so that a database that is away does not get the process restarted.
#[utoipa::path(
    get,
    path = "/healthz",
    tag = "Service",
    responses((status = 200, description = "It does.", body = ServiceStatus)),
    security(())
)]
pub async fn healthz() -> Json<ServiceStatus> {
    Json(ServiceStatus { status: "ok" })
}
