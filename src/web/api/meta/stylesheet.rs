//! `GET /docs/style.css`: how the documentation looks.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;

const STYLE: &str = include_str!("docs/style.css");

/// How does the documentation look?
#[utoipa::path(
    get,
    path = "/docs/style.css",
    tag = "Service",
    responses((status = 200, description = "The stylesheet.", body = String, content_type = "text/css")),
    security(())
)]
pub async fn stylesheet() -> impl IntoResponse {
    let headers = [
        (CONTENT_TYPE, "text/css; charset=utf-8"),
        (CACHE_CONTROL, "max-age=300"),
    ];
    (headers, STYLE)
}
