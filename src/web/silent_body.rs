//! Gives up on a body that stops arriving, so that a client cannot hold a connection and its memory indefinitely.
//! Bodies that are slow but steady are for the proxy to limit.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::BoxError;
use axum::body::{Body, BodyDataStream, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt, stream};
use tokio::time::timeout;

use crate::web::error::Problem;

/// Answers 408 and closes the connection if nothing of an announced body arrives for `silence`.
pub async fn end_silent_bodies(State(silence): State<Duration>, request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let (body, fell_silent) = until_silent(body, silence);
    let response = next.run(Request::from_parts(parts, body)).await;
    match fell_silent() {
        true => too_late(silence),
        false => response,
    }
}

/// The body, which ends with an error if it stops arriving for so long; and whether it has.
pub(super) fn until_silent(body: Body, silence: Duration) -> (Body, impl Fn() -> bool) {
    let fell_silent = Arc::new(AtomicBool::new(false));
    let body = Body::from_stream(pieces_until_silent(body, silence, fell_silent.clone()));
    (body, move || fell_silent.load(Ordering::Relaxed))
}

/// The chunks of a body, which end with an error if the next one takes too long.
fn pieces_until_silent(
    body: Body,
    silence: Duration,
    fell_silent: Arc<AtomicBool>,
) -> Pin<Box<dyn Stream<Item = Result<Bytes, BoxError>> + Send>> {
    let next = move |data: Option<BodyDataStream>| {
        let fell_silent = fell_silent.clone();
        async move {
            let mut data = data?;
            match timeout(silence, data.next()).await {
                Ok(piece) => Some((piece?.map_err(BoxError::from), Some(data))),
                Err(elapsed) => {
                    fell_silent.store(true, Ordering::Relaxed);
                    Some((Err(BoxError::from(elapsed)), None))
                }
            }
        }
    };
    Box::pin(stream::unfold(Some(body.into_data_stream()), next))
}

pub(super) fn too_late(silence: Duration) -> Response {
    let seconds = silence.as_secs();
    let detail = format!("The body stopped arriving for {seconds} s. Send the request again.");
    let mut response = Problem::new(StatusCode::REQUEST_TIMEOUT, "body_timeout", detail).into_response();
    response
        .headers_mut()
        .insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}
