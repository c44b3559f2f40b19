//! What surrounds the routes that gateways and integrations call all the time. They do little themselves, so the layers of
//! all other routes would cost more than the answer. One thin layer does what these need of them: a panic is answered, the
//! body is read or left alone, the request has an id and is counted, and the answer carries the headers of every answer.
//!
//! Nothing is logged about an answer unless the log is at `debug`: counters tell how many there were, and a line for each
//! costs as much as the answer.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::HttpBody;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::{Router, body};
use futures::FutureExt;
use prometheus_client::metrics::counter::Counter;

use crate::metrics::{LatencyHistogram, Metrics};
use crate::request_log::{RequestNotes, noting};
use crate::web::BODY_MAX;
use crate::web::pause::pause;
use crate::web::request_context::{
    ClientAddressHeader, REQUEST_ID, RequestContext, add_headers_of_every_answer, method_label, rounded_milliseconds,
};
use crate::web::request_id::CURRENT;
use crate::web::service::Service;
use crate::web::silent_body::{too_late, until_silent};
use crate::web::unread_body::leave_body_unread;

/// What happens to the body of a request.
#[derive(Clone, Copy)]
pub enum BodyOf {
    /// It is read before the caller is authenticated (R26).
    Whole,
    /// The answer does not wait for it: proxies announce bodies that they never send.
    Unread,
}

type Panicked = fn(Box<dyn Any + Send + 'static>) -> Response;

struct Surroundings {
    service: Service,
    client_address: ClientAddressHeader,
    body: BodyOf,
    panicked: Panicked,
    usual: Vec<Usual>,
}

/// The metrics of a route's usual answer, looked up once.
struct Usual {
    route: &'static str,
    seconds: LatencyHistogram,
    method: &'static str,
    answered: Counter,
}

/// The routes, surrounded by the thin layer. `usual` names each with the method that it is usually called with.
pub fn surrounded(
    routes: Router<Service>,
    (service, client_address): (&Service, &ClientAddressHeader),
    usual: &[(&'static str, &'static str)],
    body: BodyOf,
    panicked: Panicked,
) -> Router<Service> {
    let surroundings = Surroundings {
        service: service.clone(),
        client_address: client_address.clone(),
        body,
        panicked,
        usual: usual
            .iter()
            .map(|(method, route)| Usual::new(&service.metrics, method, route))
            .collect(),
    };
    routes
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(from_fn_with_state(Arc::new(surroundings), surround))
}

impl Usual {
    fn new(metrics: &Metrics, method: &'static str, route: &'static str) -> Self {
        let (seconds, answered) = (metrics.latency_of(route), metrics.answers_of(method, route, 200));
        Self {
            route,
            seconds,
            method,
            answered,
        }
    }
}

async fn surround(State(around): State<Arc<Surroundings>>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let context = RequestContext::of(&request, &around.client_address);
    let request_id = HeaderValue::from_str(&context.request_id).ok();
    let method = method_label(request.method());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("unmatched", MatchedPath::as_str);
    let is_logged = tracing::enabled!(tracing::Level::DEBUG);
    let (id, client) = (context.request_id.clone(), context.ip_address);
    request.extensions_mut().insert(context);
    let answering = CURRENT.scope(id.clone(), around.answer(request, next));
    let (mut response, notes) = match is_logged {
        true => noting(answering).await,
        false => (answering.await, RequestNotes::default()),
    };
    add_headers_of_every_answer(&mut response, &around.service);
    request_id.map(|id| response.headers_mut().insert(REQUEST_ID, id));
    let (status, took) = (response.status().as_u16(), started.elapsed());
    around.count(method, route, status, took);
    if is_logged {
        tracing::debug!(
            %method,
            %route,
            status,
            duration_ms = rounded_milliseconds(took),
            client = client.to_string(),
            caller_kind = notes.caller_kind,
            caller_id = notes.caller_id,
            app_id = notes.app_id.map(tracing::field::display),
            verdict = notes.verdict,
            request_id = &*id,
            "answered"
        );
    }
    if response.status() == StatusCode::TOO_MANY_REQUESTS {
        pause().await;
    }
    response
}

impl Surroundings {
    async fn answer(&self, request: Request, next: Next) -> Response {
        let answered = |request| self.even_if_it_panics(next.run(request));
        match self.body {
            _ if request.body().is_end_stream() => answered(request).await,
            BodyOf::Unread => leave_body_unread(request, answered).await,
            BodyOf::Whole => match read_whole(request, self.service.settings.silence).await {
                Ok(request) => answered(request).await,
                Err(too_late) => too_late,
            },
        }
    }

    async fn even_if_it_panics(&self, answer: impl Future<Output = Response>) -> Response {
        let answered = AssertUnwindSafe(answer).catch_unwind().await;
        answered.unwrap_or_else(|panic| (self.panicked)(panic))
    }

    fn count(&self, method: &'static str, route: &str, status: u16, took: Duration) {
        let metrics = &self.service.metrics;
        let usual = self.usual.iter().find(|usual| usual.route == route);
        match usual {
            Some(usual) => usual.seconds.observe(took),
            None => metrics.latency_of(route).observe(took),
        }
        match usual {
            Some(usual) if status == 200 && usual.method == method => usual.answered.inc(),
            _ => metrics.answers_of(method, route, status).inc(),
        };
    }
}

/// The request with its whole body. One that is too large, which each endpoint refuses in its own way, becomes one byte too
/// long; one whose sender hung up does, too, and nobody reads that answer.
async fn read_whole(request: Request, silence: Duration) -> Result<Request, Response> {
    let (parts, body) = request.into_parts();
    let (body, fell_silent) = until_silent(body, silence);
    match body::to_bytes(body, BODY_MAX).await {
        Ok(whole) => Ok(Request::from_parts(parts, whole.into())),
        Err(_) if fell_silent() => Err(too_late(silence)),
        Err(_) => Ok(Request::from_parts(parts, vec![0; BODY_MAX + 1].into())),
    }
}

#[cfg(test)]
mod tests;
