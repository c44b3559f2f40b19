//! What the database says of the installation. It is asked for these values from time to time; while it does not answer
//! there are none, and `gatebook_database_up` is 0.

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// Labels of letters in the outbox.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct OutboxLabels {
    /// `pending` or `failed`.
    pub state: &'static str,
}

/// Labels of a projection.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ProjectionLabels {
    /// Its name.
    pub projection: &'static str,
}

/// Labels of connections to the database.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ConnectionLabels {
    /// The pool that they belong to.
    pub pool: &'static str,
    /// `in_use` or `idle`.
    pub state: &'static str,
}

/// Labels of a pool of connections to the database.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct PoolLabels {
    /// The pool.
    pub pool: &'static str,
}

/// A gauge of each projection.
pub type ProjectionGauge = Family<ProjectionLabels, Gauge>;

/// The gauges of the database.
#[derive(Default)]
pub struct DatabaseMetrics {
    /// Whether the database answered when it was asked last.
    pub up: Gauge,
    /// The last position of the log; not a number while nobody knows it.
    pub log_position: Gauge<f64, AtomicU64>,
    /// Letters in the outbox that were not sent.
    pub emails: Family<OutboxLabels, Gauge>,
    /// The age of the oldest of them.
    pub oldest_email: Family<OutboxLabels, Gauge<f64, AtomicU64>>,
    /// How often a projection was rebuilt, and one more.
    pub generation: ProjectionGauge,
    /// Whether it was filled by another version of its fold.
    pub stale: ProjectionGauge,
    /// Whether a rebuild is under way or was interrupted.
    pub rebuilding: ProjectionGauge,
    /// How many events that rebuild has still to catch up with.
    pub rebuild_behind: ProjectionGauge,
    /// Whether the last rebuild failed.
    pub rebuild_failed: ProjectionGauge,
    /// Connections that are open.
    pub connections: Family<ConnectionLabels, Gauge>,
    /// How many there may be.
    pub connections_max: Family<PoolLabels, Gauge>,
    /// How many tasks wait for one.
    pub connections_waiting: Family<PoolLabels, Gauge>,
}

impl DatabaseMetrics {
    /// The database did not answer: nothing is known.
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
