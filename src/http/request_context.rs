//! What is done for every request: its id and origin, metrics, headers that browsers obey, and an answer even to a bug.

use std::any::Any;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::Instrument;
use uuid::Uuid;

use super::error::our_fault;
use super::extract::App;
use crate::metrics::{RequestLabels, RouteLabels};
use crate::request_log::noting;

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
    let method = method_label(request.method());
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("unmatched", MatchedPath::as_str)
        .to_owned();
    request.extensions_mut().insert(context.clone());
    // At the level of errors, so that they name the request even where nothing else is logged.
    let span = tracing::error_span!("request", request_id = context.request_id);
    let answering = CURRENT.scope(context.request_id.clone(), next.run(request));
    let (mut response, notes) = noting(answering).instrument(span).await;
    let headers = response.headers_mut();
    if app.is_draining() {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    id.map(|id| headers.insert(REQUEST_ID, id));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    forbid_storing(headers);
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    let status = response.status().as_u16();
    let took = started.elapsed();
    app.metrics
        .request_seconds
        .get_or_create(&RouteLabels { route: route.clone() })
        .observe(took.as_secs_f64());
    tracing::info!(
        %method,
        %route,
        status,
        duration_ms = rounded_milliseconds(took),
        client = context.ip_address,
        caller_kind = notes.caller_kind,
        caller_id = notes.caller_id,
        app_id = notes.app_id.map(tracing::field::display),
        verdict = notes.verdict,
        request_id = context.request_id,
        "answered"
    );
    app.metrics
        .requests
        .get_or_create(&RequestLabels { method, route, status })
        .inc();
    response
}

/// Milliseconds, to a thousandth.
fn rounded_milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

/// The answer to a bug: a problem, and not a broken connection.
pub fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let why = text.or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(why = why.unwrap_or_default(), "a request panicked");
    our_fault().into_response()
}

/// The method as it is counted and logged. Anybody can make up methods, of any length, so all but the usual are one.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// T27: no cache keeps an answer, unless the answer says otherwise; nor does one that only knows HTTP/1.0.
fn forbid_storing(headers: &mut HeaderMap) {
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    }
}

fn client_address(request: &Request, ClientAddressHeader(trusted): &ClientAddressHeader) -> String {
    let named = trusted
        .as_ref()
        .and_then(|name| request.headers().get_all(name).iter().next_back());
    // The last address is the one that the proxy itself saw; those before it anybody can write.
    let last = named
        .and_then(|value| value.to_str().ok())
        .and_then(|list| list.rsplit(',').next());
    let from_proxy = last.and_then(ip_address);
    let peer = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map(|ConnectInfo(peer)| peer.ip());
    from_proxy
        .or(peer)
        .map(|address| address.to_canonical().to_string())
        .unwrap_or_default()
}

/// An address as proxies write it: bare, with a port, or an IPv6 one in brackets.
fn ip_address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bracketed = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    bracketed.unwrap_or(text).parse().ok().or_else(with_port)
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

#[cfg(test)]
mod tests {
    use super::*;

    const PROXY: &str = "203.0.113.9";

    fn seen(option: Option<&'static str>, headers: &[&str]) -> String {
        let mut request = Request::default();
        let peer: SocketAddr = format!("{PROXY}:4711").parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        for value in headers {
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            request.headers_mut().append("x-forwarded-for", value);
        }
        client_address(&request, &ClientAddressHeader(option.map(HeaderName::from_static)))
    }

    fn behind_proxy(headers: &[&str]) -> String {
        seen(Some("x-forwarded-for"), headers)
    }

    #[test]
    fn without_a_trusted_proxy_the_address_is_the_connections_own() {
        assert_eq!(seen(None, &["198.51.100.1"]), PROXY);
        assert_eq!(seen(Some("x-real-ip"), &["198.51.100.1"]), PROXY, "another header");
        assert_eq!(behind_proxy(&[]), PROXY);
    }

    #[test]
    fn of_several_addresses_the_last_counts_because_the_proxy_wrote_it() {
        assert_eq!(behind_proxy(&["198.51.100.1"]), "198.51.100.1");
        assert_eq!(behind_proxy(&["10.0.0.1, 198.51.100.1"]), "198.51.100.1");
        assert_eq!(behind_proxy(&["10.0.0.1,  10.0.0.2 ,198.51.100.1 "]), "198.51.100.1");
        assert_eq!(behind_proxy(&["10.0.0.1", "10.0.0.2, 198.51.100.1"]), "198.51.100.1");
    }

    #[test]
    fn what_is_no_address_in_the_last_place_is_not_replaced_by_one_that_anybody_wrote() {
        for garbage in [
            "",
            " ",
            "unknown",
            "10.0.0.1,",
            "10.0.0.1, _hidden",
            "10.0.0.1, 999.1.1.1",
            "'; drop",
            "\u{e9}",
        ] {
            assert_eq!(behind_proxy(&[garbage]), PROXY, "{garbage}");
        }
        assert_eq!(behind_proxy(&["10.0.0.1", "unknown"]), PROXY);
    }

    #[test]
    fn an_address_is_read_with_a_port_in_brackets_and_mapped() {
        for (written, read) in [
            ("198.51.100.1:4711", "198.51.100.1"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:DB8:0::1]:4711", "2001:db8::1"),
            ("::ffff:198.51.100.1", "198.51.100.1"),
        ] {
            assert_eq!(behind_proxy(&[written]), read);
        }
    }

    #[test]
    fn methods_that_somebody_made_up_are_counted_as_one() {
        let made_up = Method::from_bytes(&[b'X'; 4_000]).unwrap();
        assert_eq!(method_label(&made_up), "other");
        assert_eq!(
            method_label(&Method::from_bytes(b"get").unwrap()),
            "other",
            "methods are case-sensitive"
        );
        for usual in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            assert_eq!(method_label(&usual.parse().unwrap()), usual);
        }
    }
}
