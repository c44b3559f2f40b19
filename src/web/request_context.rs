//! The middleware for every request: its id and origin, metrics, the log line, security headers, and a response even to
//! a panic.

use std::any::Any;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use gatebook_aggregates::identifiers::AppId;
use tracing::Instrument;
use uuid::Uuid;

use crate::application::{Caller, Conditions, Wanted, Who};
use crate::request_log::{RequestNotes, noting};
use crate::unique_id::unique_id;
pub use crate::web::client_address::{ClientAddress, ClientAddressHeader};
use crate::web::error::{Problem, our_fault};
use crate::web::request_id::{CURRENT, current_request_id};
use crate::web::service::Service;

/// The header with the request id.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Where a request came from.
#[derive(Clone, Debug, Default)]
pub struct RequestContext {
    /// The client's address.
    pub ip_address: ClientAddress,
    /// The request id: the caller's own if it is harmless, otherwise a new one.
    pub request_id: Arc<str>,
}

impl RequestContext {
    pub(super) fn of(request: &Request, client_address: &ClientAddressHeader) -> Self {
        Self {
            ip_address: client_address.of(request),
            request_id: request_id(request),
        }
    }

    /// An anonymous caller with this origin.
    pub(super) fn caller(&self) -> Caller {
        Caller {
            who: Who::Nobody,
            ip_address: self.ip_address.to_string(),
            request_id: self.request_id.to_string(),
            wants: Wanted::Whole,
            conditions: Conditions::default(),
        }
    }
}

/// Adds the request context, runs the request, and records metrics and the log line.
pub async fn observe(
    State((app, trusted)): State<(Service, ClientAddressHeader)>,
    mut request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let context = RequestContext::of(&request, &trusted);
    let id = HeaderValue::from_str(&context.request_id).ok();
    let method = method_label(request.method());
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("unmatched", MatchedPath::as_str)
        .to_owned();
    let mentioned = application_in(request.uri().path());
    request.extensions_mut().insert(context.clone());
    // An error-level span, so that even a log limited to errors names the request.
    let span = tracing::error_span!("request", request_id = &*context.request_id);
    let answering = CURRENT.scope(context.request_id.clone(), next.run(request));
    let (mut response, notes) = noting(answering).instrument(span).await;
    let problem = response.extensions().get::<Problem>().map(|problem| &problem.code);
    // A form that is shown again has no problem in its response, but notes the refusal.
    if let Some(code) = problem.or(notes.refusal.as_ref()) {
        note_forbidden(&app, code, &notes, &context, format!("{method} {route}"), mentioned);
    }
    add_headers_of_every_answer(&mut response, &app);
    id.map(|id| response.headers_mut().insert(REQUEST_ID, id));
    let status = response.status().as_u16();
    let took = started.elapsed();
    app.metrics.latency_of(&route).observe(took);
    tracing::info!(
        %method,
        %route,
        status,
        duration_ms = rounded_milliseconds(took),
        client = context.ip_address.to_string(),
        caller_kind = notes.caller_kind,
        caller_id = notes.caller_id,
        app_id = notes.app_id.map(tracing::field::display),
        verdict = notes.verdict,
        request_id = &*context.request_id,
        "answered"
    );
    app.metrics.answers_of(method, &route, status).inc();
    response
}

/// Records in the activity log that an authenticated caller lacked the permission (ASVS 5.0 16.3.2).
fn note_forbidden(
    service: &Service,
    code: &str,
    notes: &RequestNotes,
    context: &RequestContext,
    request: String,
    mentioned: Option<AppId>,
) {
    let (Some(kind), Some(id)) = (notes.caller_kind, &notes.caller_id) else {
        return;
    };
    if matches!(code, "forbidden" | "otp_verification_needed") {
        let app_id = notes.app_id.or(mentioned);
        service.note_forbidden(&context.caller(), (kind, id), request, code, app_id);
    }
}

/// The application's id in a path, if there is one.
fn application_in(path: &str) -> Option<AppId> {
    let mut parts = path.split('/');
    parts.find(|part| matches!(*part, "integration-apps" | "integration-applications"))?;
    parts.next()?.parse().ok()
}

/// The headers of every answer, but for the id of its request.
pub(super) fn add_headers_of_every_answer(response: &mut Response, service: &Service) {
    let headers = response.headers_mut();
    if service.is_draining() {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    forbid_storing(headers);
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
}

/// Milliseconds with three decimals.
pub(super) fn rounded_milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

/// The response to a panic: a problem instead of a broken connection.
pub fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let why = text.or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(
        why = why.unwrap_or_default(),
        request_id = current_request_id(),
        "a request panicked"
    );
    our_fault().into_response()
}

/// The method for metrics and the log. Clients can invent methods of any length, so all unusual ones count as `other`.
pub(super) fn method_label(method: &Method) -> &'static str {
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

/// T27: responses must not be cached unless they say otherwise, not even by HTTP/1.0 caches.
fn forbid_storing(headers: &mut HeaderMap) {
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    }
}

fn request_id(request: &Request) -> Arc<str> {
    let own = request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let harmless = |id: &&str| {
        (1..=64).contains(&id.len())
            && id
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
    };
    own.filter(harmless).map_or_else(
        || Arc::from(&*unique_id().hyphenated().encode_lower(&mut Uuid::encode_buffer())),
        Arc::from,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

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
