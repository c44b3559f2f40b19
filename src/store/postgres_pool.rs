//! Connections to PostgreSQL that return to their pool only when they are known to be healthy.
//!
//! A connection whose query did not finish (the server went silent, the caller left, a transaction was dropped) is
//! closed. The server then rolls back, and a dead connection takes no place in the pool.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use sqlx::Postgres;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use tokio::time::timeout;

use super::error::StoreError;
use super::pool_state::{PoolState, WaitingCallers};
use super::postgres_reach::Reach;
use super::postgres_server_state::ServerState;
use super::postgres_session::begin_session;

/// How long sqlx's health check of a returned connection may take.
const RETURN_TIMEOUT: Duration = Duration::from_secs(5);

/// The size and the limits of a pool.
#[derive(Clone, Copy)]
pub struct PoolLimits {
    /// The most connections that each process may open.
    pub connections: u32,
    /// How long to wait for a connection before the database counts as unavailable.
    pub acquire: Duration,
    /// How long the server works on one statement. `None` means no limit.
    pub statement_timeout: Option<&'static str>,
    /// Whether connections may lead to a server that takes no writes. Only for commands that read and decide nothing.
    pub any_server: bool,
}

pub struct ConnectionPool {
    pool: PgPool,
    lane: PoolLimits,
    reach: Arc<Reach>,
    waiting: WaitingCallers,
}

impl ConnectionPool {
    /// Creates a pool for a host. It opens the first connection when it is needed.
    pub fn new(host: &PgConnectOptions, lane: PoolLimits, reach: &Arc<Reach>) -> Self {
        let (trusting, connecting) = (reach.clone(), reach.clone());
        let pool = PgPoolOptions::new()
            .max_connections(lane.connections)
            .acquire_timeout(lane.acquire)
            // A dead connection fails at its first use; testing it every time would cost a round trip.
            .test_before_acquire(false)
            .before_acquire(move |_, connection| {
                let is_trusted = trusting.trusts(connection.age);
                async move { Ok(is_trusted) }.boxed()
            })
            .after_connect(move |connection, _| {
                let reach = connecting.clone();
                async move {
                    begin_session(connection, lane.statement_timeout).await?;
                    match lane.any_server || reach.accepts(&ServerState::asked(connection).await?) {
                        true => Ok(()),
                        false => Err(reach.leads_to_no_primary()),
                    }
                }
                .boxed()
            })
            .connect_lazy_with(host.clone());
        Self {
            pool,
            lane,
            reach: reach.clone(),
            waiting: WaitingCallers::default(),
        }
    }

    /// Opens new connections to another host from now on. [`Reach`] takes care of the existing ones.
    pub fn lead_to(&self, host: &PgConnectOptions) {
        self.pool.set_connect_options(host.clone());
    }

    /// Takes a connection from the pool.
    ///
    /// # Errors
    /// `Unavailable`, and at once while the primary is away.
    pub async fn lease(&self) -> Result<Lease, StoreError> {
        self.reach.now()?;
        let acquired = async {
            // Whatever prevents a connection, there is no server to answer.
            self.pool.acquire().await.map_err(StoreError::unavailable)
        };
        Ok(Lease {
            connection: self
                .waiting
                .wait_for(self.reach.answered(self.lane.acquire, acquired))
                .await?,
            reach: self.reach.clone(),
            mark_healthy: false,
        })
    }

    /// The underlying pool, for sqlx's migrations.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    pub fn state(&self, name: &'static str) -> PoolState {
        PoolState::of(name, &self.pool, &self.waiting)
    }

    /// Closes all connections.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// A connection taken from the pool. When dropped, it is closed unless it was marked as healthy.
pub struct Lease {
    connection: PoolConnection<Postgres>,
    reach: Arc<Reach>,
    mark_healthy: bool,
}

impl Lease {
    /// Call this when no work is in progress on the connection, so that it may be reused.
    pub fn mark_healthy(&mut self) {
        self.mark_healthy = true;
    }

    pub fn reach(&self) -> Arc<Reach> {
        self.reach.clone()
    }

    pub fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.mark_healthy {
            tokio::spawn(timeout(RETURN_TIMEOUT, self.connection.return_to_pool()));
        } else {
            self.connection.close_on_drop();
        }
    }
}
