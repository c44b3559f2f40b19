//! SQLite: embedded, nothing to install. One writer, any number of readers.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use gatebook_projections::sql::{Column, Query, Value};
use sqlx::query::Query as SqlxQuery;
use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow,
    SqliteSynchronous,
};
use sqlx::{Executor, Row, Sqlite, TypeInfo, ValueRef};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::database::{Database, Dialect, OnConflict, Purpose, Transaction, on_conflict_clause};
use super::error::StoreError;

/// Connections for reading.
const READ_CONNECTIONS: u32 = 4;
/// How long to wait for another process's write, or for a connection, before the database counts as unavailable.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// An SQLite database file.
pub struct SqliteDatabase {
    reads: SqlitePool,
    writes: SqlitePool,
    /// Within this process writers queue here, fairly, and not in SQLite's polling.
    one_writer: Arc<Mutex<()>>,
}

impl SqliteDatabase {
    /// Opens the file, and makes it if it is not there.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT)
            // `like` compares what was folded before; ids are compared exactly, as on PostgreSQL.
            .pragma("case_sensitive_like", "on");
        let pool = || {
            SqlitePoolOptions::new()
                .acquire_timeout(BUSY_TIMEOUT)
                .test_before_acquire(false)
        };
        let writes = pool().max_connections(2).connect_with(options.clone()).await?;
        let reads = pool().max_connections(READ_CONNECTIONS).connect_with(options).await?;
        Ok(Self {
            reads,
            writes,
            one_writer: Arc::new(Mutex::new(())),
        })
    }
}

#[async_trait]
impl Database for SqliteDatabase {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    async fn rows(&self, query: Query) -> Result<Vec<Vec<Value>>, StoreError> {
        fetch(&self.reads, &query).await
    }

    async fn begin(&self, purpose: Purpose) -> Result<Box<dyn Transaction>, StoreError> {
        let (guard, transaction) = match purpose {
            Purpose::Write => {
                let guard = self.one_writer.clone().lock_owned().await;
                (Some(guard), self.writes.begin_with("begin immediate").await?)
            }
            Purpose::Snapshot => (None, self.reads.begin_with("begin").await?),
        };
        Ok(Box::new(SqliteTransaction {
            transaction,
            _guard: guard,
        }))
    }

    async fn migrate(&self) -> Result<(), StoreError> {
        let migrator = sqlx::migrate!("migrations/sqlite");
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

struct SqliteTransaction {
    // Dropped in this order: the transaction ends before the next writer begins.
    transaction: sqlx::Transaction<'static, Sqlite>,
    _guard: Option<OwnedMutexGuard<()>>,
}

#[async_trait]
impl Transaction for SqliteTransaction {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    async fn rows(&mut self, query: Query) -> Result<Vec<Vec<Value>>, StoreError> {
        fetch(&mut *self.transaction, &query).await
    }

    async fn execute(&mut self, query: Query) -> Result<u64, StoreError> {
        Ok(bound(&query).execute(&mut *self.transaction).await?.rows_affected())
    }

    async fn script(&mut self, sql: &str) -> Result<(), StoreError> {
        self.transaction.execute(sqlx::raw_sql(sql)).await?;
        Ok(())
    }

    async fn insert(
        &mut self,
        table: &str,
        columns: &[Column],
        rows: &[Vec<Value>],
        on_conflict: OnConflict,
    ) -> Result<u64, StoreError> {
        let sql = insert_sql(table, columns, on_conflict);
        let mut written = 0;
        for row in rows {
            let query = row.iter().fold(sqlx::query(&sql), bind);
            written += query.execute(&mut *self.transaction).await?.rows_affected();
        }
        Ok(written)
    }

    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        let Self { transaction, _guard } = *self;
        Ok(transaction.commit().await?)
    }
}

fn insert_sql(table: &str, columns: &[Column], on_conflict: OnConflict) -> String {
    let names: Vec<_> = columns.iter().map(|column| column.name).collect();
    let values: Vec<_> = (1..=columns.len()).map(|index| format!("${index}")).collect();
    format!(
        "insert into {table} ({}) values ({}){}",
        names.join(", "),
        values.join(", "),
        on_conflict_clause(table, columns, on_conflict)
    )
}

async fn fetch<'e, E>(executor: E, query: &'e Query) -> Result<Vec<Vec<Value>>, StoreError>
where
    E: Executor<'e, Database = Sqlite>,
{
    let rows = bound(query).fetch_all(executor).await?;
    rows.iter().map(values).collect()
}

type SqliteQuery<'q> = SqlxQuery<'q, Sqlite, SqliteArguments<'q>>;

fn bound(query: &Query) -> SqliteQuery<'_> {
    query.args.iter().fold(sqlx::query(&query.sql), bind)
}

fn bind<'q>(query: SqliteQuery<'q>, value: &'q Value) -> SqliteQuery<'q> {
    match value {
        Value::Null => query.bind(None::<&str>),
        Value::Int(number) => query.bind(*number),
        Value::Text(text) => query.bind(text.as_str()),
    }
}

fn values(row: &SqliteRow) -> Result<Vec<Value>, StoreError> {
    (0..row.len())
        .map(|index| {
            let raw = row.try_get_raw(index)?;
            if raw.is_null() {
                return Ok(Value::Null);
            }
            match raw.type_info().name() {
                "INTEGER" => Ok(Value::Int(row.try_get(index)?)),
                _ => Ok(Value::Text(row.try_get_unchecked(index)?)),
            }
        })
        .collect()
}
