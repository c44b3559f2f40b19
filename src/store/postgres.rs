//! PostgreSQL: production, several nodes on one database.

use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;
use gatebook_projections::sql::{Column, Kind, Query, Value};
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgConnection, PgRow};
use sqlx::query::Query as SqlxQuery;
use sqlx::{Column as _, Executor, Postgres, Row, TypeInfo, ValueRef};

use super::database::{Database, Dialect, OnConflict, Purpose, Transaction, on_conflict_clause};
use super::error::StoreError;
use super::pool_state::PoolState;
use super::postgres_pool::{Connections, Lease};

/// What brings the tables up to date, oldest first.
pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");
/// Connections for reading, for each process.
const READ_CONNECTIONS: u32 = 16;
/// Connections for writing: the writer, the outbox, and a rebuild.
const WRITE_CONNECTIONS: u32 = 4;
/// Connections for snapshots. However many look at status pages or verify, nobody who writes has to wait for them.
const SNAPSHOT_CONNECTIONS: u32 = 4;
/// How long a single question may take before the database counts as unavailable.
const READ_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a single statement of a write may take; longer than it may wait for a lock.
const WRITE_TIMEOUT: Duration = Duration::from_secs(15);
/// How long a single statement of a snapshot may take: counting a long log takes its time.
const SNAPSHOT_TIMEOUT: Duration = Duration::from_secs(600);

/// A PostgreSQL database.
pub struct PostgresDatabase {
    reads: Connections,
    writes: Connections,
    snapshots: Connections,
}

impl PostgresDatabase {
    /// Connects; checks that the server answers.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        let options = PgConnectOptions::from_str(url)?.application_name("gatebook").options([
            ("timezone", "UTC"),
            // A lock that is not had in time is better tried again than waited for.
            ("lock_timeout", "10s"),
            // A writer that vanished without a word must not hold the log's lock.
            ("idle_in_transaction_session_timeout", "60s"),
            // What was acknowledged survives a crash of the server, whatever its own settings or the role's say.
            ("synchronous_commit", "on"),
        ]);
        // The server, too, gives up on a question that nobody waits for any more.
        let reading = options.clone().options([("statement_timeout", "10s")]);
        let database = Self {
            reads: Connections::new(reading, READ_CONNECTIONS),
            writes: Connections::new(options.clone(), WRITE_CONNECTIONS),
            snapshots: Connections::new(options, SNAPSHOT_CONNECTIONS),
        };
        database.reads.lease().await?.is_well();
        Ok(database)
    }

    async fn ask(&self, query: &Query) -> Result<Vec<Vec<Value>>, StoreError> {
        let mut lease = self.reads.lease().await?;
        let lost = lease.last_loss();
        let rows = lost.in_time(READ_TIMEOUT, fetch(lease.connection(), query)).await;
        if !rows.as_ref().is_err_and(StoreError::is_unavailable) {
            lease.is_well();
        }
        rows
    }

    async fn try_to_begin(&self, purpose: Purpose) -> Result<PostgresTransaction, StoreError> {
        let (connections, begin, limit) = match purpose {
            Purpose::Write => (&self.writes, "begin isolation level read committed", WRITE_TIMEOUT),
            Purpose::Snapshot => {
                let begin = "begin isolation level repeatable read read only";
                (&self.snapshots, begin, SNAPSHOT_TIMEOUT)
            }
        };
        let mut lease = connections.lease().await?;
        let lost = lease.last_loss();
        lost.in_time(WRITE_TIMEOUT, order(begin, lease.connection())).await?;
        Ok(PostgresTransaction { lease, limit })
    }
}

#[async_trait]
impl Database for PostgresDatabase {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    async fn rows(&self, query: Query) -> Result<Vec<Vec<Value>>, StoreError> {
        match self.ask(&query).await {
            // The connection had ended while it lay in the pool. Nothing has happened; a fresh one may do better.
            Err(error) if error.is_lost() => self.ask(&query).await,
            rows => rows,
        }
    }

    async fn begin(&self, purpose: Purpose) -> Result<Box<dyn Transaction>, StoreError> {
        let begun = match self.try_to_begin(purpose).await {
            Err(error) if error.is_lost() => self.try_to_begin(purpose).await,
            begun => begun,
        };
        Ok(Box::new(begun?))
    }

    async fn migrate(&self) -> Result<(), StoreError> {
        MIGRATIONS
            .run(self.writes.pool())
            .await
            .map_err(|error| StoreError::Migration(error.to_string()))
    }

    fn connections(&self) -> Vec<PoolState> {
        vec![
            self.reads.state("reads"),
            self.writes.state("writes"),
            self.snapshots.state("snapshots"),
        ]
    }

    async fn close(&self) {
        self.reads.close().await;
        self.writes.close().await;
        self.snapshots.close().await;
    }
}

/// Without a commit its connection is closed, not used again.
struct PostgresTransaction {
    lease: Lease,
    /// How long a statement may take.
    limit: Duration,
}

#[async_trait]
impl Transaction for PostgresTransaction {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    async fn rows(&mut self, query: Query) -> Result<Vec<Vec<Value>>, StoreError> {
        let lost = self.lease.last_loss();
        lost.in_time(self.limit, fetch(self.lease.connection(), &query)).await
    }

    async fn execute(&mut self, query: Query) -> Result<u64, StoreError> {
        let lost = self.lease.last_loss();
        lost.in_time(self.limit, carry_out(bound(&query), self.lease.connection()))
            .await
    }

    async fn script(&mut self, sql: &str) -> Result<(), StoreError> {
        // It may build an index, which takes the time it takes.
        order(sql, self.lease.connection()).await
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
        let sql = insert_sql(table, columns, on_conflict);
        let mut query = sqlx::query(&sql);
        for (index, column) in columns.iter().enumerate() {
            let values = rows.iter().map(|row| row.get(index).unwrap_or(&Value::Null));
            query = match column.kind {
                Kind::Int => query.bind(values.map(as_int).collect::<Vec<_>>()),
                Kind::Text | Kind::Json => query.bind(values.map(as_text).collect::<Vec<_>>()),
            };
        }
        let lost = self.lease.last_loss();
        lost.in_time(self.limit, carry_out(query, self.lease.connection()))
            .await
    }

    async fn commit(mut self: Box<Self>) -> Result<(), StoreError> {
        let lost = self.lease.last_loss();
        lost.in_time(self.limit, order("commit", self.lease.connection()))
            .await?;
        self.lease.is_well();
        Ok(())
    }
}

/// Carries out SQL without arguments.
async fn order(sql: &str, connection: &mut PgConnection) -> Result<(), StoreError> {
    connection.execute(sqlx::raw_sql(sql)).await?;
    Ok(())
}

async fn carry_out(
    order: SqlxQuery<'_, Postgres, PgArguments>,
    connection: &mut PgConnection,
) -> Result<u64, StoreError> {
    Ok(order.execute(connection).await?.rows_affected())
}

/// One statement for any number of rows: a list per column.
fn insert_sql(table: &str, columns: &[Column], on_conflict: OnConflict) -> String {
    let names: Vec<_> = columns.iter().map(|column| column.name).collect();
    let lists = columns.iter().enumerate().map(|(index, column)| match column.kind {
        Kind::Int => format!("${}::bigint[]", index + 1),
        Kind::Text | Kind::Json => format!("${}::text[]", index + 1),
    });
    let values = columns.iter().map(|column| match column.kind {
        Kind::Json => format!("r.{}::json", column.name),
        Kind::Text | Kind::Int => format!("r.{}", column.name),
    });
    format!(
        "insert into {table} ({names}) select {values} from unnest({lists}) as r({names}){conflict}",
        names = names.join(", "),
        values = values.collect::<Vec<_>>().join(", "),
        lists = lists.collect::<Vec<_>>().join(", "),
        conflict = on_conflict_clause(table, columns, on_conflict),
    )
}

fn as_int(value: &Value) -> Option<i64> {
    match value {
        Value::Int(number) => Some(*number),
        Value::Null | Value::Text(_) => None,
    }
}

fn as_text(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) => Some(text),
        Value::Null | Value::Int(_) => None,
    }
}

async fn fetch<'e, E>(executor: E, query: &'e Query) -> Result<Vec<Vec<Value>>, StoreError>
where
    E: Executor<'e, Database = Postgres>,
{
    let rows = bound(query).fetch_all(executor).await?;
    rows.iter().map(values).collect()
}

fn bound(query: &Query) -> SqlxQuery<'_, Postgres, PgArguments> {
    query
        .args
        .iter()
        .fold(sqlx::query(&query.sql), |query, value| match value {
            Value::Null => query.bind(None::<&str>),
            Value::Int(number) => query.bind(*number),
            Value::Text(text) => query.bind(text.as_str()),
        })
}

fn values(row: &PgRow) -> Result<Vec<Value>, StoreError> {
    let columns = row.columns().iter().enumerate();
    columns
        .map(|(index, column)| {
            if row.try_get_raw(index)?.is_null() {
                return Ok(Value::Null);
            }
            match column.type_info().name() {
                "INT8" => Ok(Value::Int(row.try_get(index)?)),
                _ => Ok(Value::Text(row.try_get(index)?)),
            }
        })
        .collect()
}
