//! Connections to PostgreSQL that go back to their pool only when they are known to be well.
//!
//! A connection whose question was not answered to the end (the server fell silent, the caller hung up, a transaction
//! was given up) is closed: the server then rolls back, and a connection that fell silent takes no place in the pool.

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

/// sqlx asks a connection that comes back whether it is well; so long may the answer take.
const RETURN_TIMEOUT: Duration = Duration::from_secs(5);

/// What a pool is for.
#[derive(Clone, Copy)]
pub struct PoolLimits {
    /// Connections at most, for each process.
    pub connections: u32,
    /// How long to wait for a connection before the database counts as unavailable.
    pub acquire: Duration,
    /// How long the server works on one statement; none: as long as it takes.
    pub statement_timeout: Option<&'static str>,
    /// Whether its connections may lead to a server that takes no writes. Only for who looks, and decides nothing.
    pub any_server: bool,
}

/// A pool of connections.
pub struct ConnectionPool {
    pool: PgPool,
    lane: PoolLimits,
    reach: Arc<Reach>,
    waiting: WaitingCallers,
}

impl ConnectionPool {
    /// Connections to a host. The first one is opened when it is needed.
    pub fn new(host: &PgConnectOptions, lane: PoolLimits, reach: &Arc<Reach>) -> Self {
        let (trusting, connecting) = (reach.clone(), reach.clone());
        let pool = PgPoolOptions::new()
            .max_connections(lane.connections)
            .acquire_timeout(lane.acquire)
            // A connection that died shows itself at its first use; checking each time costs a round trip.
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

    /// From now on connections are made to another host. Those that are there are left to [`Reach`].
    pub fn lead_to(&self, host: &PgConnectOptions) {
        self.pool.set_connect_options(host.clone());
    }

    /// Takes a connection.
    ///
    /// # Errors
    /// `Unavailable`; at once while the primary is away.
    pub async fn lease(&self) -> Result<Lease, StoreError> {
        self.reach.now()?;
        let acquired = async {
            // Whatever keeps a connection from being made, there is nobody who could answer.
            let unavailable = |error: sqlx::Error| StoreError::Unavailable(error.to_string());
            self.pool.acquire().await.map_err(unavailable)
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
    reach: Arc<Reach>,
    mark_healthy: bool,
}

impl Lease {
    /// Nothing is under way on it; it may be used again.
    pub fn mark_healthy(&mut self) {
        self.mark_healthy = true;
    }

    /// What knows whether the server can be reached, and hears when this connection turns out to be lost.
    pub fn reach(&self) -> Arc<Reach> {
        self.reach.clone()
    }

    /// The connection.
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
