//! PostgreSQL: production, several nodes on one database.

use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;
use gatebook_projections::sql::{Column, Kind, Query, Value};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgConnection, PgPool, PgPoolOptions, PgRow};
use sqlx::query::Query as SqlxQuery;
use sqlx::{Column as _, Executor, Postgres, Row, TypeInfo, ValueRef};
use tokio::time::timeout;

use super::database::{Database, Dialect, OnConflict, Purpose, Transaction, on_conflict_clause};
use super::error::StoreError;

/// Connections for reading, for each process.
const READ_CONNECTIONS: u32 = 16;
/// Connections for writing: the writer, the outbox, and a replay.
const WRITE_CONNECTIONS: u32 = 4;
/// How long to wait for a connection before the database counts as unavailable.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a single question may take before the database counts as unavailable.
const READ_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a single statement of a transaction may take; longer than it may wait for a lock.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(15);

/// A PostgreSQL database.
pub struct PostgresDatabase {
    reads: PgPool,
    writes: PgPool,
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
        ]);
        let pool = |connections| {
            PgPoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(ACQUIRE_TIMEOUT)
                // A connection that died shows itself at its first use; checking each time costs a round trip.
                .test_before_acquire(false)
        };
        // The server, too, gives up on a question that nobody waits for any more.
        let reading = options.clone().options([("statement_timeout", "10s")]);
        let reads = pool(READ_CONNECTIONS).connect_with(reading).await?;
        let writes = pool(WRITE_CONNECTIONS).connect_lazy_with(options);
        Ok(Self { reads, writes })
    }
}

#[async_trait]
impl Database for PostgresDatabase {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    async fn rows(&self, query: Query) -> Result<Vec<Vec<Value>>, StoreError> {
        let mut connection = self.reads.acquire().await?;
        let rows = in_time(READ_TIMEOUT, fetch(&mut *connection, &query)).await;
        if matches!(rows, Err(StoreError::Unavailable(_))) {
            connection.close_on_drop();
        }
        rows
    }

    async fn begin(&self, purpose: Purpose) -> Result<Box<dyn Transaction>, StoreError> {
        let begin = match purpose {
            Purpose::Write => "begin",
            Purpose::Snapshot => "begin isolation level repeatable read read only",
        };
        let connection = self.writes.acquire().await?;
        let mut transaction = PostgresTransaction {
            connection,
            committed: false,
        };
        in_time(STATEMENT_TIMEOUT, async {
            Ok(transaction.connection.execute(begin).await?)
        })
        .await?;
        Ok(Box::new(transaction))
    }

    async fn migrate(&self) -> Result<(), StoreError> {
        let migrator = sqlx::migrate!("migrations/postgres");
        migrator
            .run(&self.writes)
            .await
            .map_err(|error| StoreError::Migration(error.to_string()))
    }

    async fn close(&self) {
        self.reads.close().await;
        self.writes.close().await;
    }
}

/// Without a commit its connection is closed, not used again: then the server rolls back, and a connection that fell
/// silent takes no place in the pool.
struct PostgresTransaction {
    connection: PoolConnection<Postgres>,
    committed: bool,
}

impl Drop for PostgresTransaction {
    fn drop(&mut self) {
        if !self.committed {
            self.connection.close_on_drop();
        }
    }
}

#[async_trait]
impl Transaction for PostgresTransaction {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    async fn rows(&mut self, query: Query) -> Result<Vec<Vec<Value>>, StoreError> {
        in_time(STATEMENT_TIMEOUT, fetch(&mut *self.connection, &query)).await
    }

    async fn execute(&mut self, query: Query) -> Result<u64, StoreError> {
        in_time(STATEMENT_TIMEOUT, carry_out(bound(&query), &mut self.connection)).await
    }

    async fn script(&mut self, sql: &str) -> Result<(), StoreError> {
        // It may build an index, which takes the time it takes.
        self.connection.execute(sqlx::raw_sql(sql)).await?;
        Ok(())
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
        in_time(STATEMENT_TIMEOUT, carry_out(query, &mut self.connection)).await
    }

    async fn commit(mut self: Box<Self>) -> Result<(), StoreError> {
        in_time(STATEMENT_TIMEOUT, async {
            Ok(self.connection.execute("commit").await?)
        })
        .await?;
        self.committed = true;
        Ok(())
    }
}

/// What the database answers, unless it takes too long.
async fn in_time<T>(limit: Duration, answer: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    let late = |_| StoreError::Unavailable("it did not answer in time".to_owned());
    timeout(limit, answer).await.map_err(late)?
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
