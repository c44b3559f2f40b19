//! The service about itself: whether it lives, what it counts, and what it offers.

mod docs;
mod document;
pub mod error_codes;
mod examples;
mod healthz;
mod metrics;
#[cfg(test)]
mod numbers_in_texts;
mod openapi_json;
mod readyz;

use axum::Router;
use axum::body::Bytes;
use axum::routing::get;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::web::service::Service;

pub use document::{describe_optional_bodies, document};
pub use examples::add_examples;

/// All URLs of those who run the service.
pub fn routes() -> OpenApiRouter<Service> {
    OpenApiRouter::new()
        // GET /readyz
        .routes(routes!(readyz::readyz))
        // GET /metrics
        .routes(routes!(metrics::metrics))
}

/// Whether the process lives; asked all the time.
pub fn health_route() -> OpenApiRouter<Service> {
    // GET /healthz
    OpenApiRouter::new().routes(routes!(healthz::healthz))
}

/// What is said about all URLs, made once.
#[derive(Clone)]
struct Published {
    json: Bytes,
    page: Bytes,
}

/// The URLs that show the whole document, these included: [`document()`] describes them.
pub fn openapi_route(document: &OpenApi) -> Router<Service> {
    // A document holds texts, lists and maps with text keys only, which always have a JSON form.
    let json = serde_json::to_string(document).unwrap_or_default();
    let (page, docs) = docs::routes(&json);
    let published = Published {
        page,
        json: json.into(),
    };
    docs.route("/openapi.json", get(openapi_json::openapi_json))
        .with_state(published)
}
