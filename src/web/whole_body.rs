//! The body is read before anything is asked about who sent it. A token that ends while somebody holds the rest of a
//! request back is dead when the rest arrives (R26).

use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;

use crate::web::BODY_MAX;

/// Reads the whole body, and hands the request on with it.
pub async fn read_whole_body(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let body = match to_bytes(body, BODY_MAX).await {
        Ok(whole) => Body::from(whole),
        // Too long, which each endpoint refuses in its own words; or broken off by somebody who reads no answer.
        Err(_) => Body::from(vec![0; BODY_MAX + 1]),
    };
    next.run(Request::from_parts(parts, body)).await
}
