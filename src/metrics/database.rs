//! Values that are read from the database from time to time. While the database does not answer there are none, and
//! `gatebook_database_up` is 0.

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct OutboxLabels {
    /// `pending` or `failed`.
    pub state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ProjectionLabels {
    pub projection: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ConnectionLabels {
    pub pool: &'static str,
    /// `in_use` or `idle`.
    pub state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct PoolLabels {
    pub pool: &'static str,
}

pub type ProjectionGauge = Family<ProjectionLabels, Gauge>;

#[derive(Default)]
pub struct DatabaseMetrics {
    /// Whether the last query was answered.
    pub up: Gauge,
    /// The last position of the log. NaN while it is unknown.
    pub log_position: Gauge<f64, AtomicU64>,
    /// Unsent e-mails in the outbox.
    pub emails: Family<OutboxLabels, Gauge>,
    /// The age of the oldest of them, in seconds.
    pub oldest_email: Family<OutboxLabels, Gauge<f64, AtomicU64>>,
    /// The number of rebuilds of a projection, plus one.
    pub generation: ProjectionGauge,
    /// Whether another fold version filled it.
    pub stale: ProjectionGauge,
    /// Whether a rebuild is in progress or was interrupted.
    pub rebuilding: ProjectionGauge,
    /// How many events that rebuild still has to catch up with.
    pub rebuild_behind: ProjectionGauge,
    pub rebuild_failed: ProjectionGauge,
    pub connections: Family<ConnectionLabels, Gauge>,
    pub connections_max: Family<PoolLabels, Gauge>,
    /// How many tasks are waiting for a connection.
    pub connections_waiting: Family<PoolLabels, Gauge>,
}

impl DatabaseMetrics {
    /// Clears all values, because the database did not answer.
    pub fn forget(&self) {
        self.up.set(0);
        self.log_position.set(f64::NAN);
        self.emails.clear();
        self.oldest_email.clear();
        for gauges in self.of_projections() {
            gauges.clear();
        }
    }

    fn of_projections(&self) -> [&ProjectionGauge; 5] {
        let Self {
            generation,
            stale,
            rebuilding,
            rebuild_behind,
            rebuild_failed,
            ..
        } = self;
        [generation, stale, rebuilding, rebuild_behind, rebuild_failed]
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "database_up",
            "Whether the database answered when it was asked last",
            self.up.clone(),
        );
        registry.register(
            "log_position",
            "The last position of the log",
            self.log_position.clone(),
        );
        registry.register(
            "outbox_emails",
            "Letters in the outbox that were not sent",
            self.emails.clone(),
        );
        registry.register(
            "outbox_oldest_age_seconds",
            "Age of the oldest e-mail in the outbox that was not sent",
            self.oldest_email.clone(),
        );
        let texts = [
            (
                "projection_generation",
                "How often a projection was rebuilt, and one more",
            ),
            ("projection_stale", "Whether a projection was filled by another version"),
            (
                "projection_rebuilding",
                "Whether a rebuild is under way or was interrupted",
            ),
            (
                "projection_rebuild_behind_events",
                "Events that a rebuild has still to catch up with",
            ),
            ("projection_rebuild_failed", "Whether the last rebuild failed"),
        ];
        for ((name, help), gauges) in texts.into_iter().zip(self.of_projections()) {
            registry.register(name, help, gauges.clone());
        }
        registry.register(
            "database_connections",
            "Connections to the database that are open",
            self.connections.clone(),
        );
        registry.register(
            "database_connections_max",
            "Connections to the database that there may be",
            self.connections_max.clone(),
        );
        registry.register(
            "database_connections_waiting",
            "Tasks that wait for a connection to the database",
            self.connections_waiting.clone(),
        );
    }
}
