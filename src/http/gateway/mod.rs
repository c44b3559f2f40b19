//! What gateways in front of the API call: R25, R26.

mod authorize;
mod challenge;
mod object;
mod resource_server;
mod verify;

use axum::routing::any;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};
use utoipa_axum::routes;

use super::extract::App;

/// All URLs of gateways; `/oauth/introspect` is theirs too.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        // GET /gateway/authorize
        .routes(whatever_the_method(routes!(authorize::authorize)))
        // POST /gateway/verify
        .routes(routes!(verify::verify))
}

/// Some gateways repeat the method of the call they ask about, and none of them understands 405.
fn whatever_the_method((schemas, paths, _): UtoipaMethodRouter<App>) -> UtoipaMethodRouter<App> {
    (schemas, paths, any(authorize::authorize))
}
