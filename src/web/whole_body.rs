//! Reads the whole body before the caller is authenticated. A token that ends while the rest of the request is held
//! back is then refused (R26).

use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::{DefaultBodyLimit, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::web::body_max::{BODY_MAX, announced, body_max};
use crate::web::error::Problem;
use crate::web::extract::{Admin, Operator};
use crate::web::service::Service;

/// Where only operators call.
const OPERATORS: &str = "/operator/";

/// Reads the whole body, and passes the request on.
pub async fn read_whole_body(State(service): State<Service>, request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let max = body_max(&parts);
    if let Err(problem) = require_known_for_large(&mut parts, &service).await {
        return problem.into_response();
    }
    let body = match to_bytes(body, max).await {
        Ok(whole) => Body::from(whole),
        // Either too large, which each endpoint refuses in its own way, or interrupted by a client that does not read
        // the response.
        Err(_) => Body::from(vec![0; max + 1]),
    };
    let mut request = Request::from_parts(parts, body);
    DefaultBodyLimit::max(max).apply(&mut request);
    next.run(request).await
}

/// Refuses a body that is larger than usual if nobody known sends it, before it is read: memory for long lists is for callers
/// who may send them. They are authenticated again afterwards, with what they sent (R26).
async fn require_known_for_large(parts: &mut Parts, service: &Service) -> Result<(), Problem> {
    if body_max(parts) == BODY_MAX || announced(&parts.headers).is_some_and(|length| length <= BODY_MAX) {
        return Ok(());
    }
    match parts.uri.path().starts_with(OPERATORS) {
        true => Operator::from_request_parts(parts, service).await.map(drop),
        false => Admin::from_request_parts(parts, service).await.map(drop),
    }
}
