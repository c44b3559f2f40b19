//! What gateways in front of the API call: R25, R26.

mod authorize;
mod challenge;
mod gateway_credentials;
mod object;
mod resource_server;
mod verify;

use axum::middleware;
use axum::routing::any;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};
use utoipa_axum::routes;

use crate::web::extract::Service;
use crate::web::unread_body::leave_body_unread;

/// The URLs of gateways that take a body; `/oauth/introspect` is theirs too.
pub fn routes() -> OpenApiRouter<Service> {
    // POST /gateway/verify
    OpenApiRouter::new().routes(routes!(verify::verify))
}

/// The URLs of gateways whose body is never read.
pub fn routes_without_bodies() -> OpenApiRouter<Service> {
    OpenApiRouter::new()
        // GET /gateway/authorize
        .routes(whatever_the_method(routes!(authorize::authorize)))
        // Envoy and Istio append the path of the call that they ask about.
        .route("/gateway/authorize/", any(authorize::authorize))
        .route("/gateway/authorize/{*path}", any(authorize::authorize))
        // Even a bug is answered with what gateways understand.
        .layer(CatchPanicLayer::custom(challenge::panicked))
        .layer(middleware::from_fn(leave_body_unread))
}

/// Some gateways repeat the method of the call they ask about, and none of them understands 405.
fn whatever_the_method((schemas, paths, _): UtoipaMethodRouter<Service>) -> UtoipaMethodRouter<Service> {
    (schemas, paths, any(authorize::authorize))
}
