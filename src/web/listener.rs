//! Which routes a listener serves, when operators have a separate address.

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;

use crate::web::pages;
use crate::web::service::Service;

/// A listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listener {
    /// The only listener, which serves everything.
    Only,
    /// The public listener, beside one for operators.
    Public,
    /// The listener for operators and monitoring.
    Admin,
}

impl Listener {
    /// Whether it serves a route, given by its pattern.
    fn answers_to(self, route: &str) -> bool {
        match self {
            Self::Only => true,
            Self::Public => !is_for_operators(route),
            Self::Admin => is_for_operators(route) || is_for_everybody(route),
        }
    }
}

/// The routes for operators and monitoring only.
fn is_for_operators(route: &str) -> bool {
    route == "/metrics" || is_within(route, "/operator")
}

/// The routes of every listener: health, documentation and assets.
fn is_for_everybody(route: &str) -> bool {
    matches!(route, "/healthz" | "/readyz" | "/openapi.json")
        || is_within(route, "/docs")
        || is_within(route, "/assets")
}

fn is_within(route: &str, folder: &str) -> bool {
    route
        .strip_prefix(folder)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Answers 404 for routes that the listener does not serve.
pub(super) async fn only_what_is_here(
    State((app, listener)): State<(Service, Listener)>,
    request: Request,
    next: Next,
) -> Response {
    // Requests without a route get a 404 anyway.
    let route = request.extensions().get::<MatchedPath>();
    if route.is_none_or(|route| listener.answers_to(route.as_str())) {
        return next.run(request).await;
    }
    pages::not_found_page(State(app), request.uri().clone(), request.headers().clone()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_have_their_routes_for_themselves() {
        for route in [
            "/metrics",
            "/operator",
            "/operator/outbox",
            "/operator/api/v1/groups/{group_id}",
        ] {
            assert!(Listener::Only.answers_to(route), "{route}");
            assert!(!Listener::Public.answers_to(route), "{route}");
            assert!(Listener::Admin.answers_to(route), "{route}");
        }
    }

    #[test]
    fn what_is_for_others_is_not_where_operators_are() {
        for route in [
            "/",
            "/api/v1/me",
            "/gateway/authorize",
            "/oauth/token",
            "/portal",
            "/operators",
        ] {
            assert!(Listener::Public.answers_to(route), "{route}");
            assert!(!Listener::Admin.answers_to(route), "{route}");
        }
    }

    #[test]
    fn whether_it_is_ready_is_told_everywhere() {
        for route in [
            "/healthz",
            "/readyz",
            "/docs",
            "/docs/start-0123456789ab.js",
            "/openapi.json",
        ] {
            assert!(
                Listener::Public.answers_to(route) && Listener::Admin.answers_to(route),
                "{route}"
            );
        }
    }
}
