//! Delays every 429 response, so that one connection can get only two a second instead of thousands. A refused flood
//! then leaves the processor to others, such as the admin who suspends the flooding application (R27).

use std::time::Duration;

use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;

/// How long a 429 is delayed. Its `Retry-After` is longer.
const PAUSE: Duration = Duration::from_millis(500);

/// Delays the response if it is a 429.
pub(super) async fn pause_before_too_many(request: Request, next: Next) -> Response {
    let answer = next.run(request).await;
    if answer.status() == StatusCode::TOO_MANY_REQUESTS {
        pause().await;
    }
    answer
}

/// The delay.
pub(super) async fn pause() {
    tokio::time::sleep(PAUSE).await;
}
