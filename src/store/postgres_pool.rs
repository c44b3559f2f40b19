//! Connections to PostgreSQL that go back to their pool only when they are known to be well.
//!
//! A connection whose question was not answered to the end (the server fell silent, the caller hung up, a transaction
//! was given up) is closed: the server then rolls back, and a connection that fell silent takes no place in the pool.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::FutureExt;
use sqlx::Postgres;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use tokio::time::timeout;

use super::error::StoreError;
use super::pool_state::{PoolState, Waiting};

/// How long to wait for a connection before the database counts as unavailable.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// sqlx asks a connection that comes back whether it is well; so long may the answer take.
const RETURN_TIMEOUT: Duration = Duration::from_secs(5);

/// A pool of connections.
pub struct Connections {
    pool: PgPool,
    lost: LastLoss,
    waiting: Waiting,
}

/// When a connection was lost last. Those that are older were probably lost with it.
#[derive(Clone, Default)]
pub struct LastLoss(Arc<Mutex<Option<Instant>>>);

impl LastLoss {
    /// What the database answers, unless that takes too long.
    pub async fn in_time<T>(
        self,
        limit: Duration,
        answer: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let outcome = timeout(limit, answer).await;
        let is_lost = |answer: &Result<T, StoreError>| answer.as_ref().is_err_and(StoreError::is_lost);
        if outcome.as_ref().map_or(true, is_lost) {
            self.note();
        }
        outcome.unwrap_or_else(|_| Err(StoreError::Unavailable("it did not answer in time".to_owned())))
    }

    fn note(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Whether a connection of this age is younger.
    fn is_before(&self, age: Duration) -> bool {
        let lost = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lost.is_none_or(|lost| lost.elapsed() > age)
    }
}

impl Connections {
    /// At most so many. The first one is opened when it is needed.
    pub fn new(options: PgConnectOptions, at_most: u32) -> Self {
        let lost = LastLoss::default();
        let last_loss = lost.clone();
        let pool = PgPoolOptions::new()
            .max_connections(at_most)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            // A connection that died shows itself at its first use; checking each time costs a round trip.
            .test_before_acquire(false)
            .before_acquire(move |_, connection| {
                let is_trusted = last_loss.is_before(connection.age);
                async move { Ok(is_trusted) }.boxed()
            })
            .connect_lazy_with(options);
        let waiting = Waiting::default();
        Self { pool, lost, waiting }
    }

    /// Takes a connection.
    pub async fn lease(&self) -> Result<Lease, StoreError> {
        Ok(Lease {
            connection: self.waiting.wait_for(self.pool.acquire()).await?,
            lost: self.lost.clone(),
            is_well: false,
        })
    }

    /// The pool itself, for sqlx's migrations.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// How busy they are.
    pub fn state(&self, name: &'static str) -> PoolState {
        PoolState::of(name, &self.pool, &self.waiting)
    }

    /// Closes all of them.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// A connection that was taken. It is closed when it is dropped, unless it was said to be well.
pub struct Lease {
    connection: PoolConnection<Postgres>,
    lost: LastLoss,
    is_well: bool,
}

impl Lease {
    /// Nothing is under way on it; it may be used again.
    pub fn is_well(&mut self) {
        self.is_well = true;
    }

    /// Where it is noted when this connection turns out to be lost.
    pub fn last_loss(&self) -> LastLoss {
        self.lost.clone()
    }

    /// The connection.
    pub fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.is_well {
            tokio::spawn(timeout(RETURN_TIMEOUT, self.connection.return_to_pool()));
        } else {
            self.connection.close_on_drop();
        }
    }
}
