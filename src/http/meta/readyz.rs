//! `GET /readyz`: whether requests had better go here or elsewhere.

use axum::Json;
use axum::extract::State;

use super::healthz::ServiceStatus;
use crate::http::error::Problem;
use crate::http::extract::App;
use crate::log::fold_versions;
use crate::store::StoreError;

/// Does the database answer, and can this node write to it?
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
    if app.is_draining() {
        return Err(StoreError::Unavailable("this node is draining: it is about to end".to_owned()).into());
    }
    if app.log.writer.is_gone() {
        return Err(StoreError::Unavailable("the writer has ended".to_owned()).into());
    }
    match fold_versions::check_in(app.database()).await {
        Ok(()) => Ok(Json(ServiceStatus { status: "ok" })),
        // Whatever the database says instead of an answer, requests had better go elsewhere.
        Err(error) => Err(StoreError::Unavailable(error.to_string()).into()),
    }
}
