//! What `/metrics` has to ask the database for. It is asked while somebody looks, at most every few seconds, and not
//! waited for: metrics are wanted most when the database does not answer.

use std::time::{Duration, Instant};

use crate::application::gatebook::Gatebook;
use crate::metrics::database::{ConnectionLabels, OutboxLabels, PoolLabels, ProjectionLabels};
use crate::outbox::{self, Depth};
use crate::replay::{self, ProjectionProgress};
use crate::store::{PoolState, StoreError};

/// How long what the database said is shown before it is asked again.
const FRESH: Duration = Duration::from_secs(2);
/// How long the database may take.
const TIMEOUT: Duration = Duration::from_millis(800);

impl Gatebook {
    /// All metrics, in the OpenMetrics text format. What the database does not say in time is not among them.
    pub async fn metrics_text(&self) -> String {
        self.measure_database().await;
        self.metrics.unreadable_events.set(self.unreadable_events().await);
        let clocks = self.log.writer.clocks();
        self.metrics.clock_wrong.set(clocks.is_wrong().into());
        let difference = clocks.difference_millis();
        self.metrics.clock_difference_seconds.set(difference as f64 / 1_000.0);
        // Afterwards, because the question takes a connection itself.
        for pool in self.database().connections() {
            self.show_pool(&pool);
        }
        self.metrics.text()
    }

    async fn measure_database(&self) {
        let mut asked = self.measurements.0.lock().await;
        if asked.is_some_and(|at| at.elapsed() < FRESH) {
            return;
        }
        match tokio::time::timeout(TIMEOUT, self.ask_database()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::debug!(%error, "cannot read metrics from the database");
                self.metrics.database.forget();
            }
            Err(_) => self.metrics.database.forget(),
        }
        *asked = Some(Instant::now());
    }

    async fn ask_database(&self) -> Result<(), StoreError> {
        let depth = outbox::depth(self.database(), self.clock.now());
        let (depth, log) = tokio::try_join!(depth, replay::log_progress(self.database()))?;
        let database = &self.metrics.database;
        database.up.set(1);
        database.log_position.set(log.head as f64);
        self.show_outbox(depth);
        log.projections
            .iter()
            .for_each(|projection| self.show_projection(projection));
        Ok(())
    }

    fn show_outbox(&self, depth: Depth) {
        let database = &self.metrics.database;
        let gauge = |state| OutboxLabels { state };
        database.emails.get_or_create(&gauge("pending")).set(depth.pending);
        database.emails.get_or_create(&gauge("failed")).set(depth.failed);
        let age = depth.oldest_age.unwrap_or_default().num_milliseconds() as f64 / 1_000.0;
        database.oldest_email.get_or_create(&gauge("pending")).set(age);
    }

    fn show_projection(&self, progress: &ProjectionProgress) {
        let database = &self.metrics.database;
        let labels = ProjectionLabels {
            projection: progress.name,
        };
        let behind = progress.rebuild_behind;
        for (gauges, value) in [
            (&database.generation, progress.generation),
            (&database.stale, progress.stale.into()),
            (&database.rebuilding, behind.is_some().into()),
            (&database.rebuild_behind, behind.unwrap_or(0)),
            (&database.rebuild_failed, progress.failed.into()),
        ] {
            gauges.get_or_create(&labels).set(value);
        }
    }

    fn show_pool(&self, state: &PoolState) {
        let (database, pool) = (&self.metrics.database, state.name);
        for (state, count) in [("in_use", state.in_use), ("idle", state.idle)] {
            let labels = ConnectionLabels { pool, state };
            database.connections.get_or_create(&labels).set(number(count));
        }
        let labels = PoolLabels { pool };
        database.connections_max.get_or_create(&labels).set(number(state.max));
        database
            .connections_waiting
            .get_or_create(&labels)
            .set(number(state.waiting));
    }
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
