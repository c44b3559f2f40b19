//! What is done for every request: its id and origin, metrics, headers that browsers obey, and an answer even to a bug.

use std::any::Any;
use std::net::SocketAddr;
use std::time::Instant;

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::Instrument;
use uuid::Uuid;

use super::error::our_fault;
use super::extract::App;
use crate::metrics::{RequestLabels, RouteLabels};

/// The header with the request's id.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

tokio::task_local! {
    /// The id of the request that this task answers, for whoever has to tell of a failure deep inside.
    static CURRENT: String;
}

/// The id of the request that is being answered; none outside of a request.
pub fn current_request_id() -> Option<String> {
    CURRENT.try_with(Clone::clone).ok()
}

/// Where a request came from.
#[derive(Clone, Debug, Default)]
pub struct RequestContext {
    /// The client's address.
    pub ip_address: String,
    /// The request's id: the caller's own when it is harmless, else a new one.
    pub request_id: String,
}

/// The header in which a trusted proxy names the client's address, if there is such a proxy.
#[derive(Clone, Debug, Default)]
pub struct ClientAddressHeader(pub Option<HeaderName>);

/// Notes id and origin, answers, and counts.
pub async fn observe(
    State((app, trusted)): State<(App, ClientAddressHeader)>,
    mut request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let context = RequestContext {
        ip_address: client_address(&request, &trusted),
        request_id: request_id(&request),
    };
    let id = HeaderValue::from_str(&context.request_id).ok();
    let method = request.method().to_string();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("unmatched", MatchedPath::as_str)
        .to_owned();
    request.extensions_mut().insert(context.clone());
    // At the level of errors, so that they name the request even where nothing else is logged.
    let span = tracing::error_span!("request", request_id = context.request_id);
    let answering = CURRENT.scope(context.request_id.clone(), next.run(request));
    let mut response = answering.instrument(span).await;
    let headers = response.headers_mut();
    id.map(|id| headers.insert(REQUEST_ID, id));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    let status = response.status().as_u16();
    app.metrics
        .request_seconds
        .get_or_create(&RouteLabels { route: route.clone() })
        .observe(started.elapsed().as_secs_f64());
    tracing::info!(%method, %route, status, request_id = context.request_id, "answered");
    app.metrics
        .requests
        .get_or_create(&RequestLabels { method, route, status })
        .inc();
    response
}

/// The answer to a bug: a problem, and not a broken connection.
pub fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let why = text.or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(why = why.unwrap_or_default(), "a request panicked");
    our_fault().into_response()
}

fn client_address(request: &Request, ClientAddressHeader(trusted): &ClientAddressHeader) -> String {
    let named = trusted
        .as_ref()
        .and_then(|name| request.headers().get_all(name).iter().next_back());
    // The last address is the one that the proxy itself saw; those before it anybody can write.
    let last = named
        .and_then(|value| value.to_str().ok())
        .and_then(|list| list.rsplit(',').next());
    let from_proxy = last.and_then(|address| address.trim().parse::<std::net::IpAddr>().ok());
    let peer = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map(|ConnectInfo(peer)| peer.ip());
    from_proxy
        .or(peer)
        .map(|address| address.to_canonical().to_string())
        .unwrap_or_default()
}

fn request_id(request: &Request) -> String {
    let own = request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let harmless = |id: &&str| {
        (1..=64).contains(&id.len())
            && id
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
    };
    own.filter(harmless)
        .map_or_else(|| Uuid::now_v7().to_string(), str::to_owned)
}
