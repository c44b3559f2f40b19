//! What `/metrics` shows.

use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// Everything that is counted.
pub struct Metrics {
    registry: Registry,
    /// Appends that shared a transaction.
    pub batch_sizes: Histogram,
    /// Commands that were tried again because somebody else was faster.
    pub commands_tried_again: Counter,
    /// Requests by method, route and status.
    pub requests: Family<RequestLabels, Counter>,
    /// Seconds that requests took, by route.
    pub request_seconds: Family<RouteLabels, Histogram>,
    /// Answers of the gate, by reason.
    pub gate_verdicts: Family<VerdictLabels, Counter>,
    /// Letters by what became of them.
    pub letters: Family<LetterLabels, Counter>,
    /// Passwords hashed to be kept or checked; each keeps a core busy for a while.
    pub password_hashings: Counter,
}

/// Labels of a request.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RequestLabels {
    /// The HTTP method, or `other`: anybody can make up methods.
    pub method: &'static str,
    /// The route's pattern, never the path, which can hold anything.
    pub route: String,
    /// The status code.
    pub status: u16,
}

/// Labels of a route.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RouteLabels {
    /// The route's pattern.
    pub route: String,
}

/// Labels of an answer of the gate.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct VerdictLabels {
    /// The reason's code.
    pub reason: &'static str,
}

/// Labels of a letter.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct LetterLabels {
    /// What became of it.
    pub outcome: LetterOutcome,
}

/// What became of a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]
pub enum LetterOutcome {
    /// Handed to the mail server.
    Sent,
    /// Will be tried again.
    Delayed,
    /// Given up.
    Failed,
}

impl Default for Metrics {
    fn default() -> Self {
        let seconds = || Histogram::new(exponential_buckets(0.000_5, 2.0, 14));
        let mut metrics = Self {
            registry: Registry::with_prefix("gatebook"),
            batch_sizes: Histogram::new(exponential_buckets(1.0, 2.0, 7)),
            commands_tried_again: Counter::default(),
            requests: Family::default(),
            request_seconds: Family::new_with_constructor(seconds),
            gate_verdicts: Family::default(),
            letters: Family::default(),
            password_hashings: Counter::default(),
        };
        let registry = &mut metrics.registry;
        registry.register(
            "writer_batch_size",
            "Appends that shared a transaction",
            metrics.batch_sizes.clone(),
        );
        registry.register(
            "commands_tried_again",
            "Commands tried again because somebody else was faster",
            metrics.commands_tried_again.clone(),
        );
        registry.register("http_requests", "Requests answered", metrics.requests.clone());
        registry.register(
            "http_request_seconds",
            "Time to answer",
            metrics.request_seconds.clone(),
        );
        registry.register("gate_verdicts", "Answers of the gate", metrics.gate_verdicts.clone());
        registry.register("letters", "Letters by outcome", metrics.letters.clone());
        registry.register(
            "password_hashings",
            "Passwords hashed to be kept or checked",
            metrics.password_hashings.clone(),
        );
        metrics
    }
}

impl Metrics {
    /// All metrics in the OpenMetrics text format.
    pub fn text(&self) -> String {
        let mut text = String::new();
        match encode(&mut text, &self.registry) {
            Ok(()) => text,
            Err(_) => String::new(),
        }
    }
}
