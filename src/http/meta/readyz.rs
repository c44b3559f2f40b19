//! `GET /readyz`: the database.

use axum::Json;
use axum::extract::State;
use gatebook_projections::sql::Query;

use super::healthz::ServiceStatus;
use crate::http::error::Problem;
use crate::http::extract::App;
use crate::store::StoreError;

/// Does the database answer?
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "Service",
    responses(
        (status = 200, description = "It does.", body = ServiceStatus),
        (status = 503, description = "`unavailable`: it does not; see `Retry-After`.", body = Problem, content_type = "application/problem+json"),
    ),
    security(())
)]
pub async fn readyz(State(app): State<App>) -> Result<Json<ServiceStatus>, Problem> {
    let head = app.database().rows(Query::new("select position from log_head", []));
    match head.await {
        Ok(_) => Ok(Json(ServiceStatus { status: "ok" })),
        // Whatever the database says instead of an answer, requests had better go elsewhere.
        Err(error) => Err(StoreError::Unavailable(error.to_string()).into()),
    }
}
