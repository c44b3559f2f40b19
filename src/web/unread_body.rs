//! The opposite of `whole_body`: an answer that never waits for the request's body, for callers that announce one and
//! do not send it. nginx's `auth_request` repeats the `Content-Length` of the call it asks about, without its body.

use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use futures::StreamExt;

/// How long what is still sent after the answer is thrown away, before the connection is closed under it.
const LINGER: Duration = Duration::from_secs(1);

/// Answers without the body. A connection on which one was announced is not used again: nobody can tell where the next
/// request would begin, and a body taken for a request would be answered to somebody else.
pub async fn leave_body_unread(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    // Whoever waits for “100 Continue” sends nothing after another answer, and reading would ask for it.
    let waits_for_go_ahead = request.headers().contains_key(header::EXPECT);
    let (parts, body) = request.into_parts();
    let mut response = next.run(Request::from_parts(parts, Body::empty())).await;
    response
        .headers_mut()
        .insert(header::CONNECTION, HeaderValue::from_static("close"));
    if !waits_for_go_ahead {
        tokio::spawn(discard(body));
    }
    response
}

/// RFC 9112 §9.6: closing while something comes in resets the connection, and with it an answer that was not read yet.
async fn discard(body: Body) {
    let mut data = body.into_data_stream();
    let rest = async { while let Some(Ok(_)) = data.next().await {} };
    // When it takes longer, whoever sends it has had time to read the answer.
    let _ = tokio::time::timeout(LINGER, rest).await;
}
