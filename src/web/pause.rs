//! Whoever asks for too much is told so only after a pause, so that one connection can ask for it twice a second and not some
//! thousand times: a flood that is refused leaves the processor to others, such as to whoever suspends what floods (R27).

use std::time::Duration;

use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;

/// How long an answer 429 is held back. Its `Retry-After` is longer than that.
const PAUSE: Duration = Duration::from_millis(500);

/// Answers, and holds back an answer 429.
pub(super) async fn pause_before_too_many(request: Request, next: Next) -> Response {
    let answer = next.run(request).await;
    if answer.status() == StatusCode::TOO_MANY_REQUESTS {
        tokio::time::sleep(PAUSE).await;
    }
    answer
}
