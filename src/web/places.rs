//! How many requests with the same credentials are in work at once: whoever sends a thousand at the same moment has them done
//! a few at a time, so that others need not wait for all of them (R27). They wait, and are not refused.

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, COOKIE};
use axum::middleware::Next;
use axum::response::Response;

use crate::web::extract::Service;

/// Where gateways and integrations ask: their credentials are shared by all of their requests, and what they may have in work
/// has limits of its own.
const OF_PROGRAMS: [&str; 2] = ["/gateway/", "/oauth/"];

/// Answers when there is a place.
pub(super) async fn take_a_place(State(service): State<Service>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let headers = request.headers();
    let credentials = headers.get(AUTHORIZATION).or_else(|| headers.get(COOKIE));
    let credentials = credentials.filter(|_| !OF_PROGRAMS.iter().any(|of_programs| path.starts_with(of_programs)));
    let Some(credentials) = credentials else {
        return next.run(request).await;
    };
    let _place = service.request_place(credentials.as_bytes()).await;
    next.run(request).await
}
