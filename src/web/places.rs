//! Limits how many requests with the same credentials are processed at once. If somebody sends a thousand at the same
//! moment, the rest wait their turn instead of delaying everybody else (R27). They are not refused.

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, COOKIE};
use axum::middleware::Next;
use axum::response::Response;

use crate::web::service::Service;

/// Paths for gateways and integrations, which send all their requests with the same credentials and have limits of
/// their own.
const OF_PROGRAMS: [&str; 2] = ["/gateway/", "/oauth/"];

/// Processes the request once there is a free place.
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
