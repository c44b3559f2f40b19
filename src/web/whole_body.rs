//! Reads the whole body before the caller is authenticated. A token that ends while the rest of the request is held
//! back is then refused (R26).

use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;

use crate::web::BODY_MAX;

/// Reads the whole body, and passes the request on.
pub async fn read_whole_body(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let body = match to_bytes(body, BODY_MAX).await {
        Ok(whole) => Body::from(whole),
        // Either too large, which each endpoint refuses in its own way, or interrupted by a client that does not read
        // the response.
        Err(_) => Body::from(vec![0; BODY_MAX + 1]),
    };
    next.run(Request::from_parts(parts, body)).await
}
