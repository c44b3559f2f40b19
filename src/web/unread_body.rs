//! The opposite of `whole_body`: responds without waiting for the body, for callers that announce one but never send
//! it. nginx's `auth_request` repeats the `Content-Length` of the original call without its body.

use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use futures::StreamExt;

/// How long a body that still arrives after the response is discarded before the connection is closed.
const LINGER: Duration = Duration::from_secs(1);

/// Responds without reading the body. If one was announced, the connection is not reused: it is unclear where the next
/// request begins, and a body mistaken for a request could get somebody else's response.
pub async fn leave_body_unread(request: Request, answer: impl AsyncFnOnce(Request) -> Response) -> Response {
    if request.body().is_end_stream() {
        return answer(request).await;
    }
    // A client that waits for “100 Continue” sends nothing after another response, and reading the body would ask for
    // it.
    let waits_for_go_ahead = request.headers().contains_key(header::EXPECT);
    let (parts, body) = request.into_parts();
    let mut response = answer(Request::from_parts(parts, Body::empty())).await;
    response
        .headers_mut()
        .insert(header::CONNECTION, HeaderValue::from_static("close"));
    if !waits_for_go_ahead {
        tokio::spawn(discard(body));
    }
    response
}

/// RFC 9112 §9.6: closing a connection while data arrives resets it, and the client may lose the response.
async fn discard(body: Body) {
    let mut data = body.into_data_stream();
    let rest = async { while let Some(Ok(_)) = data.next().await {} };
    // If it takes longer, the sender has had time to read the response.
    let _ = tokio::time::timeout(LINGER, rest).await;
}
