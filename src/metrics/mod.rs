//! The metrics at `/metrics`. Events are counted where they happen. The application reads the values in `database` from
//! the database, and `process` reads those of the operating system.

pub mod database;
mod latency;
mod process;

use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use gatebook_aggregates::timestamp::Timestamp;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use crate::standard_error::standard_error;
pub use latency::LatencyHistogram;

use database::{DatabaseMetrics, ProjectionGauge, ProjectionLabels};
use process::Process;

pub struct Metrics {
    registry: Registry,
    /// Appends that shared a transaction.
    pub batch_sizes: Histogram,
    /// Commands that were retried because another one changed the same data first.
    pub commands_tried_again: Counter,
    /// Appends that were refused because reading them back would give something else.
    pub appends_not_read_back: Counter,
    /// Unreadable events that close something, as of the last check.
    pub unreadable_events: Gauge,
    /// Requests by method, route and status.
    requests: Family<RequestLabels, Counter>,
    /// The duration of requests in seconds, by route.
    request_seconds: Family<RouteLabels, LatencyHistogram>,
    /// The gate's answers, by reason.
    pub gate_verdicts: Family<VerdictLabels, Counter>,
    /// Questions to the database about what the gate decides by; many checks share one.
    pub gate_questions: Counter,
    /// Checks, introspections and tokens decided from memory, after a question had shown that nothing had changed.
    pub gate_facts_remembered: Counter,
    /// Those whose facts a question had to read.
    pub gate_facts_read: Counter,
    /// Questions to the database about what gateways have to drop; all gateways that wait share one.
    pub feed_questions: Counter,
    /// Checks that gateways answered themselves, by reason, as they report.
    pub gateway_verdicts: Family<VerdictLabels, Counter>,
    /// E-mails by outcome.
    pub emails: Family<EmailLabels, Counter>,
    /// Passwords hashed, to store or check them. Each occupies a core for a while.
    pub password_hashings: Counter,
    pub tokens_issued: Counter,
    /// 1 while changes and tokens are refused because of this node's clock.
    pub clock_wrong: Gauge,
    /// How far this node's clock is ahead of the database's, as of the last comparison.
    pub clock_difference_seconds: Gauge<f64, AtomicU64>,
    pub database: DatabaseMetrics,
    tokens_refused: Family<VerdictLabels, Counter>,
    batches_failed: Counter,
    last_commit: Mutex<Instant>,
    last_commit_age: Gauge<f64, AtomicU64>,
    verified_equal: ProjectionGauge,
    verified_at: Family<ProjectionLabels, Gauge<f64, AtomicU64>>,
    version: Family<VersionLabels, Gauge>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct VersionLabels {
    version: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    /// The HTTP method, or `other`, because callers can invent methods.
    method: &'static str,
    /// The route's pattern, not the path, which can contain anything.
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: String,
}

/// Labels of an answer of the gate or the token endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct VerdictLabels {
    /// The code of the reason.
    pub reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct EmailLabels {
    pub outcome: DeliveryOutcome,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]
pub enum DeliveryOutcome {
    /// The mail server accepted it.
    Sent,
    /// It will be tried again.
    Delayed,
    /// It was given up.
    Failed,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::default(),
            batch_sizes: Histogram::new(exponential_buckets(1.0, 2.0, 7)),
            commands_tried_again: Counter::default(),
            appends_not_read_back: Counter::default(),
            unreadable_events: Gauge::default(),
            requests: Family::default(),
            request_seconds: Family::default(),
            gate_verdicts: Family::default(),
            gate_questions: Counter::default(),
            gate_facts_remembered: Counter::default(),
            gate_facts_read: Counter::default(),
            feed_questions: Counter::default(),
            gateway_verdicts: Family::default(),
            emails: Family::default(),
            password_hashings: Counter::default(),
            tokens_issued: Counter::default(),
            clock_difference_seconds: Gauge::default(),
            clock_wrong: Gauge::default(),
            database: DatabaseMetrics::default(),
            tokens_refused: Family::default(),
            batches_failed: Counter::default(),
            last_commit: Mutex::new(Instant::now()),
            last_commit_age: Gauge::default(),
            verified_equal: Family::default(),
            verified_at: Family::default(),
            version: Family::default(),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    /// How long requests of a route take. Routes are patterns, not paths, which can contain anything.
    pub fn latency_of(&self, route: &str) -> LatencyHistogram {
        let route = route.to_owned();
        self.request_seconds.get_or_create(&RouteLabels { route }).clone()
    }

    /// The answers of a route by method and status. The method is `other` if a caller has invented it.
    pub fn answers_of(&self, method: &'static str, route: &str, status: u16) -> Counter {
        let route = route.to_owned();
        self.requests
            .get_or_create(&RequestLabels { method, route, status })
            .clone()
    }

    fn register(&mut self) {
        let metrics = self;
        metrics.registry.register_collector(Box::new(Process::just_started()));
        let registry = metrics.registry.sub_registry_with_prefix("gatebook");
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
        registry.register(
            "appends_not_read_back",
            "Appends refused because what they would store is not read back as what they mean",
            metrics.appends_not_read_back.clone(),
        );
        registry.register(
            "unreadable_events",
            "Events of the log that cannot be read; what they may be about is closed",
            metrics.unreadable_events.clone(),
        );
        registry.register("http_requests", "Requests answered", metrics.requests.clone());
        registry.register(
            "http_request_seconds",
            "Time to answer",
            metrics.request_seconds.clone(),
        );
        registry.register("gate_verdicts", "Answers of the gate", metrics.gate_verdicts.clone());
        registry.register(
            "gate_questions",
            "Questions to the database about what the gate decides by; many checks share one",
            metrics.gate_questions.clone(),
        );
        registry.register(
            "gate_facts_remembered",
            "Reads for the gate that memory answered after a question had shown that nothing had changed",
            metrics.gate_facts_remembered.clone(),
        );
        registry.register(
            "gate_facts_read",
            "Reads for the gate that a question had to answer",
            metrics.gate_facts_read.clone(),
        );
        registry.register(
            "feed_questions",
            "Questions to the database about what gateways have to drop; all gateways that wait share one",
            metrics.feed_questions.clone(),
        );
        registry.register(
            "gateway_verdicts",
            "Checks that gateways answered from what they hold, as they report",
            metrics.gateway_verdicts.clone(),
        );
        registry.register("emails", "E-mails by outcome", metrics.emails.clone());
        registry.register(
            "password_hashings",
            "Passwords hashed to be kept or checked",
            metrics.password_hashings.clone(),
        );
        registry.register(
            "writer_batches_failed",
            "Batches of appends that could not be committed",
            metrics.batches_failed.clone(),
        );
        registry.register(
            "last_commit_age_seconds",
            "Time since this node committed, or since it started",
            metrics.last_commit_age.clone(),
        );
        registry.register(
            "tokens_issued",
            "Access tokens that were issued",
            metrics.tokens_issued.clone(),
        );
        registry.register(
            "tokens_refused",
            "Requests for access tokens that were refused",
            metrics.tokens_refused.clone(),
        );
        registry.register(
            "clock_wrong",
            "Whether this node refuses changes and tokens because of its clock",
            metrics.clock_wrong.clone(),
        );
        registry.register(
            "clock_difference_seconds",
            "How far this node's clock is ahead of the database's",
            metrics.clock_difference_seconds.clone(),
        );
        registry.register(
            "log_lines_dropped",
            "Log lines that standard error did not take",
            standard_error().dropped(),
        );
        registry.register(
            "projection_verify_success",
            "Whether the last verification by this process found a projection as it should be",
            metrics.verified_equal.clone(),
        );
        registry.register(
            "projection_verify_timestamp_seconds",
            "When this process verified a projection last, since 1970",
            metrics.verified_at.clone(),
        );
        registry.register("build_info", "The program's version", metrics.version.clone());
        let version = env!("CARGO_PKG_VERSION");
        metrics.version.get_or_create(&VersionLabels { version }).set(1);
        metrics.database.register(registry);
    }

    /// Notes that a batch of appends was committed.
    pub fn batch_committed(&self) {
        *self.last_commit.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Counts a batch of appends that was not committed.
    pub fn batch_failed(&self) {
        self.batches_failed.inc();
    }

    /// Counts a refused request for an access token.
    pub fn token_refused(&self, reason: &'static str) {
        self.tokens_refused.get_or_create(&VerdictLabels { reason }).inc();
    }

    /// Notes the result of comparing a projection with the log.
    pub fn projection_verified(&self, projection: &'static str, is_equal: bool, at: Timestamp) {
        let labels = ProjectionLabels { projection };
        self.verified_equal.get_or_create(&labels).set(is_equal.into());
        self.verified_at
            .get_or_create(&labels)
            .set(at.millis() as f64 / 1_000.0);
    }

    /// All metrics in the OpenMetrics text format.
    pub fn text(&self) -> String {
        let last_commit = *self.last_commit.lock().unwrap_or_else(PoisonError::into_inner);
        self.last_commit_age.set(last_commit.elapsed().as_secs_f64());
        let mut text = String::new();
        match encode(&mut text, &self.registry) {
            Ok(()) => text,
            Err(_) => String::new(),
        }
    }
}
