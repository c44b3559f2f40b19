//! `GET /metrics`: for Prometheus.

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;

use crate::web::service::Service;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Get metrics
///
/// In the OpenMetrics text format, for Prometheus and the like. No label holds anything that a caller sent. While the
/// database does not answer, `gatebook_database_up` is 0 and what only it knows is left out.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "Service",
    responses((status = 200, description = "All that is counted.", body = String, content_type = "application/openmetrics-text")),
    security(())
)]
pub async fn metrics(State(service): State<Service>) -> impl IntoResponse {
    ([(CONTENT_TYPE, OPEN_METRICS)], service.metrics_text().await)
}
