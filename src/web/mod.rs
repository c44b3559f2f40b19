//! The HTTP interface: all routes, grouped by caller, and the middleware for every request.

pub mod api;
pub mod client_address;
pub mod error;
pub mod extract;
mod field_problems;
mod forwarded;
mod json_body;
mod listener;
mod pages;
mod pause;
mod places;
mod query;
pub mod request_context;
mod request_id;
pub mod service;
mod silent_body;
mod unread_body;
mod whole_body;

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::{Router, middleware};
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::openapi::{OpenApi, Server};
use utoipa_axum::router::OpenApiRouter;

use api::{admin, gateway, meta, oauth, operator, portal};
use error::Problem;
pub(crate) use json_body::{encoded, unread_encoding};
pub use listener::Listener;
use listener::only_what_is_here;
use pause::pause_before_too_many;
use places::take_a_place;
use query::{WithoutQuery, refuse_query};
pub(crate) use query::{no_text, not_utf8};
use request_context::{ClientAddressHeader, observe, panicked};
use service::Service;
use silent_body::end_silent_bodies;
use whole_body::read_whole_body;

/// The largest request body in bytes.
pub const BODY_MAX: usize = 64 * 1024;

/// The routes of a process with one listener.
pub fn router(service: Service, client_address: ClientAddressHeader) -> Router {
    router_of(Listener::Only, service, client_address)
}

/// The routes that a listener serves.
pub fn router_of(listener: Listener, service: Service, client_address: ClientAddressHeader) -> Router {
    let (router, without_bodies, mut document) = parts();
    document.servers = Some(vec![Server::new(&service.settings.public_url)]);
    let silence = service.settings.silence;
    let without_query = Arc::new(WithoutQuery::of(&document));
    router
        .route_layer(middleware::from_fn_with_state(without_query, refuse_query))
        .route_layer(middleware::from_fn(read_whole_body))
        .route_layer(middleware::from_fn_with_state(
            service.clone(),
            oauth::take_place_to_revoke,
        ))
        .merge(without_bodies)
        .merge(meta::openapi_route(&document))
        .merge(pages::routes(&service))
        .fallback(pages::not_found_page)
        .method_not_allowed_fallback(|| async {
            // The pages have their own fallback.
            let detail = "This address does not support this method.";
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
        })
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(middleware::from_fn_with_state(silence, end_silent_bodies))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(
            (service.clone(), listener),
            only_what_is_here,
        ))
        .layer(middleware::from_fn_with_state(
            (service.clone(), client_address),
            observe,
        ))
        .layer(middleware::from_fn(pause_before_too_many))
        .layer(middleware::from_fn_with_state(service.clone(), take_a_place))
        .with_state(service)
}

/// The OpenAPI 3.1 document of all routes.
pub fn document() -> OpenApi {
    parts().2
}

/// The routes whose body is read first, those whose body is never read, and the OpenAPI document of both.
fn parts() -> (Router<Service>, Router<Service>, OpenApi) {
    let (router, mut document) = routes().split_for_parts();
    let (without_bodies, more) = gateway::routes_without_bodies().split_for_parts();
    document.merge(more);
    meta::describe_optional_bodies(&mut document);
    meta::add_examples(&mut document);
    (router, without_bodies, document)
}

fn routes() -> OpenApiRouter<Service> {
    OpenApiRouter::with_openapi(meta::document())
        .merge(admin::routes())
        .merge(operator::routes())
        .merge(portal::routes())
        .merge(oauth::routes())
        .merge(gateway::routes())
        .merge(meta::routes())
}
