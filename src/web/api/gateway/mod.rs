//! The endpoints for gateways in front of the API: R25, R26.

mod authorize;
pub mod challenge;
mod feed;
mod feed_key;
mod gateway_credentials;
mod object;
mod report_usage;
mod resource_server;
mod verify;

use axum::routing::any;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};
use utoipa_axum::routes;

use crate::web::service::Service;

/// The routes for gateways that take a body. Gateways also use `/oauth/introspect`.
pub fn routes() -> OpenApiRouter<Service> {
    OpenApiRouter::new()
        // POST /gateway/verify
        .routes(routes!(verify::verify))
        // GET /gateway/feed
        .routes(routes!(feed::follow_feed))
        // GET /gateway/feed-key
        .routes(routes!(feed_key::show_feed_key))
        // POST /gateway/usage
        .routes(routes!(report_usage::report_usage))
}

/// The routes for gateways whose body is never read.
pub fn routes_without_bodies() -> OpenApiRouter<Service> {
    OpenApiRouter::new()
        // GET /gateway/authorize
        .routes(whatever_the_method(routes!(authorize::authorize)))
        // Envoy and Istio append the path of the original call.
        .route("/gateway/authorize/", any(authorize::authorize))
        .route("/gateway/authorize/{*path}", any(authorize::authorize))
}

/// Some gateways use the method of the original call, and none of them understands 405.
fn whatever_the_method((schemas, paths, _): UtoipaMethodRouter<Service>) -> UtoipaMethodRouter<Service> {
    (schemas, paths, any(authorize::authorize))
}
