//! The HTTP interface: all routes, grouped by caller, and the middleware for every request.

pub mod api;
mod body_max;
pub mod client_address;
pub mod error;
pub mod extract;
mod field_problems;
mod forwarded;
mod hot_routes;
mod json_body;
mod listener;
pub mod loopback;
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

use crate::mail::MailFolder;
use api::{admin, gateway, meta, oauth, operator, portal};
pub use body_max::BODY_MAX;
use error::Problem;
use hot_routes::{BodyOf, surrounded};
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

/// The routes of a process with one listener.
pub fn router(service: Service, client_address: ClientAddressHeader) -> Router {
    router_of(Listener::Only, service, client_address, None)
}

/// The routes that a listener serves; in a demo also those for reading the e-mails in a folder.
pub fn router_of(
    listener: Listener,
    service: Service,
    client_address: ClientAddressHeader,
    demo_mail: Option<&MailFolder>,
) -> Router {
    let Parts {
        routes,
        hot,
        without_bodies,
        health,
        mut document,
    } = parts();
    document.servers = Some(vec![Server::new(&service.settings.public_url)]);
    let silence = service.settings.silence;
    let without_query = Arc::new(WithoutQuery::of(&document));
    let routes = routes
        .route_layer(middleware::from_fn_with_state(without_query, refuse_query))
        .route_layer(middleware::from_fn_with_state(service.clone(), read_whole_body))
        .route_layer(middleware::from_fn_with_state(
            service.clone(),
            oauth::take_place_to_revoke,
        ))
        .merge(meta::openapi_route(&document))
        .merge(pages::routes(&service, demo_mail))
        .fallback(pages::not_found_page)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(middleware::from_fn_with_state(silence, end_silent_bodies))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(
            (service.clone(), listener),
            only_what_is_here,
        ))
        .layer(middleware::from_fn_with_state(
            (service.clone(), client_address.clone()),
            observe,
        ))
        .layer(middleware::from_fn(pause_before_too_many))
        .layer(middleware::from_fn_with_state(service.clone(), take_a_place));
    let around = (&service, &client_address);
    let hot_with_bodies = match listener {
        Listener::Only | Listener::Public => health.merge(hot),
        Listener::Admin => health,
    };
    let hot_with_bodies = hot_with_bodies.method_not_allowed_fallback(method_not_allowed);
    let routes = routes.merge(surrounded(hot_with_bodies, around, &USUAL, BodyOf::Whole, panicked));
    let routes = match listener {
        Listener::Only | Listener::Public => {
            let panicked = gateway::challenge::panicked;
            routes.merge(surrounded(without_bodies, around, &USUAL, BodyOf::Unread, panicked))
        }
        Listener::Admin => routes,
    };
    routes.with_state(service)
}

/// The hot routes, each with the method that it is usually called with.
const USUAL: [(&str, &str); 7] = [
    ("GET", "/healthz"),
    ("POST", "/oauth/token"),
    ("POST", "/oauth/introspect"),
    ("POST", "/gateway/verify"),
    ("GET", "/gateway/authorize"),
    ("GET", "/gateway/authorize/"),
    ("GET", "/gateway/authorize/{*path}"),
];

/// The pages have their own answer.
async fn method_not_allowed() -> Problem {
    let detail = "This address does not support this method.";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
}

/// The OpenAPI 3.1 document of all routes.
pub fn document() -> OpenApi {
    parts().document
}

struct Parts {
    /// Those that are not hot.
    routes: Router<Service>,
    /// Those of gateways and integrations whose body is read first.
    hot: Router<Service>,
    /// Those whose body is never read.
    without_bodies: Router<Service>,
    /// The health check, which every listener serves.
    health: Router<Service>,
    /// The OpenAPI document of all of them.
    document: OpenApi,
}

fn parts() -> Parts {
    let (routes, mut document) = routes().split_for_parts();
    let mut described = |routes: OpenApiRouter<Service>| {
        let (routes, described) = routes.split_for_parts();
        document.merge(described);
        routes
    };
    let hot = described(oauth::hot_routes().merge(gateway::routes()));
    let health = described(meta::health_route());
    let without_bodies = described(gateway::routes_without_bodies());
    meta::describe_optional_bodies(&mut document);
    meta::add_examples(&mut document);
    Parts {
        routes,
        hot,
        without_bodies,
        health,
        document,
    }
}

fn routes() -> OpenApiRouter<Service> {
    OpenApiRouter::with_openapi(meta::document())
        .merge(admin::routes())
        .merge(operator::routes())
        .merge(portal::routes())
        .merge(oauth::routes())
        .merge(meta::routes())
}
