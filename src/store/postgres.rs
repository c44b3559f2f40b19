//! PostgreSQL, for production: several nodes share one database.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use gatebook_projections::sql::{Column, Query, Value};
use sqlx::Executor;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::PgConnectOptions;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::database::{ConnectionPurpose, Database, Delete, Dialect, Insert, OnConflict, Transaction};
use super::error::StoreError;
use super::pool_state::PoolState;
use super::postgres_copy::copy;
use super::postgres_gate::GateConnections;
use super::postgres_guard::{begin_snapshot, begin_write, only_on_primary};
use super::postgres_pool::{ConnectionPool, Lease, PoolLimits};
use super::postgres_reach::{Reach, find_server, keep_looking};
use super::postgres_session::require_session;
use super::postgres_statements::{
    all_in_one, bound, carry_out, delete_sql, fetch, insert_sql, last_answer, order, with_rows,
};
use super::postgres_url::PostgresUrl;
use super::postgres_watch::watch_all;

/// The migrations, oldest first.
pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");
/// How long one statement of a write may take. Longer than `lock_timeout` (10 s), so that the lock wait fails first.
const WRITE_TIMEOUT: Duration = Duration::from_secs(15);

/// So many rows are copied and not inserted, which costs a round trip more and much less for each row.
const COPIED_MIN: usize = 100;

/// For the gate and the token endpoint only, so that searches and downloads cannot delay a check. A check that takes
/// longer than a second is refused.
const GATE: PoolLimits = PoolLimits {
    connections: 6,
    acquire: Duration::from_secs(1),
    statement_timeout: Some("1s"),
    any_server: false,
};
/// For all other reads.
const READS: PoolLimits = PoolLimits {
    connections: 12,
    acquire: Duration::from_secs(5),
    // The server, too, stops working on a query that nobody waits for any more.
    statement_timeout: Some("10s"),
    any_server: false,
};
/// For the writer, the outbox and rebuilds.
const WRITES: PoolLimits = PoolLimits {
    connections: 4,
    acquire: Duration::from_secs(5),
    statement_timeout: None,
    any_server: false,
};
/// For snapshots, such as status pages and `verify`. Writers never wait for these connections.
const SNAPSHOTS: PoolLimits = PoolLimits {
    connections: 4,
    acquire: Duration::from_secs(5),
    statement_timeout: None,
    any_server: false,
};
/// For testing whether a commit succeeds.
const REHEARSAL: PoolLimits = PoolLimits {
    connections: 1,
    acquire: Duration::from_secs(5),
    statement_timeout: None,
    any_server: false,
};
/// How long a rehearsal may wait for a standby to confirm its commit. Long, because each abandoned commit leaves a
/// server process behind; limited, because the connection itself may be dead.
const REHEARSAL_TIMEOUT: Duration = Duration::from_secs(5 * 60);
/// How long a gate query may take, waiting for a connection included.
const GATE_TIMEOUT: Duration = Duration::from_secs(1);
/// How long any other query may take before the database counts as unavailable.
const READ_TIMEOUT: Duration = Duration::from_secs(10);
/// How long one statement of a snapshot may take. Counting a long log is slow.
const SNAPSHOT_TIMEOUT: Duration = Duration::from_secs(600);
/// How long a script may take. It may build an index on a large table.
const SCRIPT_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);
/// How long each step of the first connection may take: finding the server, and checking the session.
const FIRST_CONNECTION: Duration = Duration::from_secs(5);

pub struct PostgresDatabase {
    gate: Arc<ConnectionPool>,
    gate_connections: GateConnections,
    reads: Arc<ConnectionPool>,
    writes: Arc<ConnectionPool>,
    snapshots: Arc<ConnectionPool>,
    rehearsal: Arc<ConnectionPool>,
    any_server: bool,
    reach: Arc<Reach>,
    looking: JoinHandle<()>,
}

/// Which servers a connection may lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    /// Only the primary, whose state alone may be used for decisions (R26).
    Primary,
    /// Also a standby, for commands that only read.
    Any,
}

impl PostgresDatabase {
    /// Connects to the primary, or to any server for commands that only read.
    ///
    /// # Errors
    /// A URL that cannot be read; `Unavailable` with each host's error; `NoSession` behind a pooler without session
    /// mode.
    pub async fn connect(url: &str, server: Server) -> Result<Self, StoreError> {
        let url = PostgresUrl::parse(url)?;
        let hosts = url.hosts().to_vec();
        let any_server = server == Server::Any;
        let reach = Reach::new();
        let mut first = find_server(&hosts, FIRST_CONNECTION, any_server, &reach).await?;
        let host = first.host.clone();
        first.connection = require_session(first.connection, &host, FIRST_CONNECTION).await?;
        let pool = |lane: PoolLimits| Arc::new(ConnectionPool::new(&host, PoolLimits { any_server, ..lane }, &reach));
        let pools = [GATE, READS, WRITES, SNAPSHOTS, REHEARSAL].map(pool);
        let [gate, reads, writes, snapshots, rehearsal] = pools.clone();
        let lead = move |host: &PgConnectOptions| pools.iter().for_each(|pool| pool.lead_to(host));
        let looking = tokio::spawn({
            let reach = reach.clone();
            async move {
                let watching = watch_all(&hosts, &reach);
                tokio::join!(keep_looking(&hosts, first, any_server, &reach, lead), watching);
            }
        });
        Ok(Self {
            gate_connections: GateConnections::new(gate.clone(), reach.clone()),
            gate,
            reads,
            writes,
            snapshots,
            rehearsal,
            any_server,
            reach,
            looking,
        })
    }

    async fn ask(
        &self,
        connections: &ConnectionPool,
        limit: Duration,
        query: &Query,
    ) -> Result<Vec<Vec<Value>>, StoreError> {
        let mut lease = connections.lease().await?;
        let reach = lease.reach();
        let rows = reach.answered(limit, fetch(lease.connection(), query)).await;
        if !rows.as_ref().is_err_and(StoreError::is_unavailable) {
            lease.mark_healthy();
        }
        rows
    }

    /// Like `ask`, for the gate.
    async fn ask_gate(&self, query: &Query) -> Result<Vec<Vec<Value>>, StoreError> {
        let mut gate = self.gate_connections.lease().await?;
        let asked = fetch(gate.lease.connection(), query);
        let rows = self.reach.answered(GATE_TIMEOUT, asked).await;
        if !rows.as_ref().is_err_and(StoreError::is_unavailable) {
            self.gate_connections.keep(gate);
        }
        rows
    }

    /// The query as only the server may answer it that decisions come from.
    fn guarded(&self, mut query: Query) -> Query {
        if !self.any_server {
            query.sql = only_on_primary(&query.sql);
        }
        query
    }

    /// Runs the query, and repeats it once if the connection was dead or led to a server that takes no writes. A query
    /// changes nothing, and a fresh connection may work.
    async fn ask_twice(
        &self,
        connections: &ConnectionPool,
        limit: Duration,
        query: Query,
    ) -> Result<Vec<Vec<Value>>, StoreError> {
        let query = self.guarded(query);
        match self.ask(connections, limit, &query).await {
            Err(error) if error.is_lost() => self.ask(connections, limit, &query).await,
            rows => rows,
        }
    }

    async fn try_to_begin(
        &self,
        purpose: ConnectionPurpose,
        question: &str,
    ) -> Result<(PostgresTransaction, Vec<Vec<Value>>), StoreError> {
        let (connections, begin, limit) = match purpose {
            ConnectionPurpose::Write => (&self.writes, begin_write(), WRITE_TIMEOUT),
            ConnectionPurpose::Rehearsal => (&self.rehearsal, begin_write(), REHEARSAL_TIMEOUT),
            ConnectionPurpose::Snapshot => (&self.snapshots, begin_snapshot(self.any_server), SNAPSHOT_TIMEOUT),
        };
        let mut lease = connections.lease().await?;
        let reach = lease.reach();
        let whole = format!("{begin}; {question}");
        let rows = reach
            .answered(WRITE_TIMEOUT, last_answer(&whole, lease.connection()))
            .await?;
        Ok((PostgresTransaction { lease, limit }, rows))
    }
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        self.looking.abort();
    }
}

#[async_trait]
impl Database for PostgresDatabase {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    async fn rows(&self, query: Query) -> Result<Vec<Vec<Value>>, StoreError> {
        self.ask_twice(&self.reads, READ_TIMEOUT, query).await
    }

    async fn gate_rows(&self, query: Query) -> Result<Vec<Vec<Value>>, StoreError> {
        // The limit includes waiting for a connection and the second try.
        let query = self.guarded(query);
        let asked = async {
            match self.ask_gate(&query).await {
                Err(error) if error.is_lost() => self.ask_gate(&query).await,
                rows => rows,
            }
        };
        let answered = timeout(GATE_TIMEOUT, asked).await;
        answered.unwrap_or_else(|_| Err(StoreError::unavailable("it did not answer in time")))
    }

    fn reachable(&self) -> Result<(), StoreError> {
        self.reach.now()
    }

    fn last_trouble(&self) -> Option<Instant> {
        self.reach.last_trouble()
    }

    async fn begin(&self, purpose: ConnectionPurpose) -> Result<Box<dyn Transaction>, StoreError> {
        let (transaction, _) = self.begin_with(purpose, "").await?;
        Ok(transaction)
    }

    async fn begin_with(
        &self,
        purpose: ConnectionPurpose,
        question: &str,
    ) -> Result<(Box<dyn Transaction>, Vec<Vec<Value>>), StoreError> {
        let begun = match self.try_to_begin(purpose, question).await {
            Err(error) if error.is_lost() => self.try_to_begin(purpose, question).await,
            begun => begun,
        };
        let (transaction, rows) = begun?;
        Ok((Box::new(transaction), rows))
    }

    async fn migrate(&self) -> Result<(), StoreError> {
        let failed = |error: MigrateError| StoreError::Migration(error.into());
        let mut connection = self.writes.pool().acquire().await?;
        connection.close_on_drop();
        // Waits for another process that is migrating, however long it takes.
        connection.execute("set lock_timeout = 0").await?;
        MIGRATIONS.run_direct(&mut *connection).await.map_err(failed)
    }

    fn connections(&self) -> Vec<PoolState> {
        vec![
            self.gate.state("gate"),
            self.reads.state("reads"),
            self.writes.state("writes"),
            self.snapshots.state("snapshots"),
            self.rehearsal.state("rehearsal"),
        ]
    }

    async fn close(&self) {
        self.gate_connections.give_back();
        for pool in [&self.gate, &self.reads, &self.writes, &self.snapshots, &self.rehearsal] {
            pool.close().await;
        }
    }
}

/// If it is dropped without a commit, its connection is closed and not reused.
struct PostgresTransaction {
    lease: Lease,
    /// How long each statement may take.
    limit: Duration,
}

#[async_trait]
impl Transaction for PostgresTransaction {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    async fn rows(&mut self, query: Query) -> Result<Vec<Vec<Value>>, StoreError> {
        let reach = self.lease.reach();
        reach.answered(self.limit, fetch(self.lease.connection(), &query)).await
    }

    async fn execute(&mut self, query: Query) -> Result<u64, StoreError> {
        let reach = self.lease.reach();
        reach
            .answered(self.limit, carry_out(bound(&query), self.lease.connection()))
            .await
    }

    async fn script(&mut self, sql: &str) -> Result<(), StoreError> {
        // The limit is long, because a script may build an index. A dead server is noticed much sooner all the same.
        let reach = self.lease.reach();
        reach
            .answered(SCRIPT_TIMEOUT, order(sql, self.lease.connection()))
            .await
    }

    async fn insert(
        &mut self,
        table: &str,
        columns: &[Column],
        rows: &[Vec<Value>],
        on_conflict: OnConflict,
    ) -> Result<u64, StoreError> {
        if rows.is_empty() {
            return Ok(0);
        }
        if on_conflict == OnConflict::Fail && rows.len() >= COPIED_MIN {
            let reach = self.lease.reach();
            let copied = copy(self.lease.connection(), table, columns, rows);
            return reach.answered(self.limit, copied).await;
        }
        let sql = insert_sql(table, columns, on_conflict, 0);
        let query = with_rows(sqlx::query(&sql), columns, rows);
        let reach = self.lease.reach();
        reach
            .answered(self.limit, carry_out(query, self.lease.connection()))
            .await
    }

    async fn delete(&mut self, table: &str, keys: &[Column], rows: &[Vec<Value>]) -> Result<u64, StoreError> {
        if rows.is_empty() {
            return Ok(0);
        }
        let sql = delete_sql(table, keys, 0);
        let query = with_rows(sqlx::query(&sql), keys, rows);
        let reach = self.lease.reach();
        reach
            .answered(self.limit, carry_out(query, self.lease.connection()))
            .await
    }

    async fn write_all(
        &mut self,
        mut deletes: Vec<Delete>,
        mut inserts: Vec<Insert>,
        then: Query,
    ) -> Result<(), StoreError> {
        deletes.retain(|delete| !delete.rows.is_empty());
        inserts.retain(|insert| !insert.rows.is_empty());
        let whole = Query {
            sql: all_in_one(&deletes, &inserts, &then),
            ..then
        };
        let deletes = deletes.iter().map(|delete| (delete.keys, &delete.rows));
        let inserts = inserts.iter().map(|insert| (insert.columns, &insert.rows));
        let query = deletes
            .chain(inserts)
            .fold(bound(&whole), |query, (columns, rows)| with_rows(query, columns, rows));
        let reach = self.lease.reach();
        reach
            .answered(self.limit, carry_out(query, self.lease.connection()))
            .await
            .map(drop)
    }

    async fn commit(mut self: Box<Self>) -> Result<(), StoreError> {
        let reach = self.lease.reach();
        reach
            .answered(self.limit, order("commit", self.lease.connection()))
            .await?;
        self.lease.mark_healthy();
        Ok(())
    }
}
