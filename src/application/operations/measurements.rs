//! What `/metrics` has to ask the database for. It is asked while somebody looks, at most every few seconds, and not
//! waited for: metrics are wanted most when the database does not answer.

use std::time::{Duration, Instant};

use gatebook_projections::sql::{Query, RowReader};
use tokio::sync::Mutex;

use crate::application::Gatebook;
use crate::metrics::database::{ConnectionLabels, OutboxLabels, PoolLabels, ProjectionLabels};
use crate::replay::{self, ProjectionProgress};
use crate::store::{PoolState, StoreError};

/// How long what the database said is shown before it is asked again.
const FRESH: Duration = Duration::from_secs(2);
/// How long the database may take.
const TIMEOUT: Duration = Duration::from_millis(800);

/// When the database was asked last. Whoever looks meanwhile waits for the same answer.
#[derive(Default)]
pub struct Measurements(Mutex<Option<Instant>>);

/// The letters that are in the outbox still.
struct Waiting {
    state: &'static str,
    count: i64,
    oldest_age: f64,
}

impl Gatebook {
    /// All metrics, in the OpenMetrics text format. What the database does not say in time is not among them.
    pub async fn metrics_text(&self) -> String {
        self.measure_database().await;
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
                tracing::debug!(%error, "metrics: the database cannot be asked");
                self.metrics.database.forget();
            }
            Err(_) => self.metrics.database.forget(),
        }
        *asked = Some(Instant::now());
    }

    async fn ask_database(&self) -> Result<(), StoreError> {
        let (letters, log) = tokio::try_join!(self.letters_waiting(), replay::log_progress(self.database()))?;
        let database = &self.metrics.database;
        database.up.set(1);
        database.log_position.set(log.head as f64);
        for Waiting {
            state,
            count,
            oldest_age,
        } in letters
        {
            let labels = OutboxLabels { state };
            database.letters.get_or_create(&labels).set(count);
            database.oldest_letter.get_or_create(&labels).set(oldest_age);
        }
        log.projections
            .iter()
            .for_each(|projection| self.show_projection(projection));
        Ok(())
    }

    async fn letters_waiting(&self) -> Result<[Waiting; 2], StoreError> {
        let sql =
            "select state, count(*), min(created_at) from letters where state in ('pending', 'failed') group by state";
        let mut waiting = ["pending", "failed"].map(|state| Waiting {
            state,
            count: 0,
            oldest_age: 0.0,
        });
        for row in self.database().rows(Query::new(sql, [])).await? {
            let mut row = RowReader::new("letters", row);
            let (state, count, oldest) = (row.text()?, row.int()?, row.time()?);
            let age = self.clock.now().to_utc() - oldest.to_utc();
            for one in waiting.iter_mut().filter(|one| one.state == state) {
                one.count = count;
                one.oldest_age = (age.num_milliseconds() as f64 / 1_000.0).max(0.0);
            }
        }
        Ok(waiting)
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
