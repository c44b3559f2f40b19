//! `GET /openapi.json`: for programs.

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;

use crate::web::api::meta::Published;

/// Get the OpenAPI document
///
/// All operations, for programs, in the form of OpenAPI 3.1.
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "Service",
    responses((status = 200, description = "The description.", body = Object, content_type = "application/json")),
    security(())
)]
pub async fn openapi_json(State(published): State<Published>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], published.json)
}
