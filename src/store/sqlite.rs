//! SQLite: embedded, nothing to install. One writer, any number of readers.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use gatebook_projections::sql::{Column, Query, Value};
use sqlx::error::DatabaseError;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::pool::PoolConnection;
use sqlx::query::Query as SqlxQuery;
use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteRow, SqliteSynchronous,
};
use sqlx::{Connection, Executor, Row, Sqlite, TypeInfo, ValueRef};
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::timeout;

use super::database::{Database, Dialect, OnConflict, Purpose, Transaction, on_conflict_clause};
use super::error::StoreError;
use super::pool_state::{PoolState, Waiting};

/// What brings the tables up to date, oldest first.
pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");
/// Connections for reading.
const READ_CONNECTIONS: u32 = 4;
/// How long to wait for another process's write, or for a connection, before the database counts as unavailable.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// How long to wait before trying again to make the file.
const MAKING_PAUSE: Duration = Duration::from_millis(20);

/// An SQLite database file.
pub struct SqliteDatabase {
    reads: SqlitePool,
    writes: SqlitePool,
    readers_waiting: Waiting,
    writers_waiting: Waiting,
    /// Within this process writers queue here, fairly, and not in SQLite's polling.
    one_writer: Arc<Mutex<()>>,
}

impl SqliteDatabase {
    /// Opens the file, and makes it if it is not there.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let made = SqliteConnectOptions::new()
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal);
        Self::with(made, path).await
    }

    /// Opens the file as it is.
    pub async fn open_existing(path: &Path) -> Result<Self, StoreError> {
        if !path.is_file() {
            return Err(StoreError::NotThere(path.into()));
        }
        Self::with(SqliteConnectOptions::new(), path).await
    }

    async fn with(options: SqliteConnectOptions, path: &Path) -> Result<Self, StoreError> {
        let options = options
            .filename(path)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT)
            // `like` compares what was folded before; ids are compared exactly, as on PostgreSQL.
            .pragma("case_sensitive_like", "on");
        let pool = |connections| {
            SqlitePoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(BUSY_TIMEOUT)
                .test_before_acquire(false)
        };
        make(&options).await?;
        Ok(Self {
            reads: pool(READ_CONNECTIONS).connect_with(options.clone()).await?,
            writes: pool(2).connect_with(options).await?,
            readers_waiting: Waiting::default(),
            writers_waiting: Waiting::default(),
            one_writer: Arc::new(Mutex::new(())),
        })
    }
}

/// Makes the file, if it is not there, and tells it to keep a write-ahead log. Of several processes that do so at the same
/// moment SQLite lets one, and makes the others not wait but fail; so they try again.
async fn make(options: &SqliteConnectOptions) -> Result<(), sqlx::Error> {
    let making = async {
        loop {
            match SqliteConnection::connect_with(options).await {
                Err(sqlx::Error::Database(error)) if is_busy(&*error) => tokio::time::sleep(MAKING_PAUSE).await,
                made => return made?.close().await,
            }
        }
    };
    timeout(BUSY_TIMEOUT, making)
        .await
        .unwrap_or(Err(sqlx::Error::PoolTimedOut))
}

/// SQLITE_BUSY, or one of its extended codes.
fn is_busy(error: &dyn DatabaseError) -> bool {
    let code = error.code().and_then(|code| code.parse::<u32>().ok());
    code.is_some_and(|code| code & 0xff == 5)
}

#[async_trait]
impl Database for SqliteDatabase {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    async fn rows(&self, query: Query) -> Result<Vec<Vec<Value>>, StoreError> {
        let mut connection = self.readers_waiting.wait_for(self.reads.acquire()).await?;
        fetch(&mut *connection, &query).await
    }

    async fn begin(&self, purpose: Purpose) -> Result<Box<dyn Transaction>, StoreError> {
        let (guard, pool, begin) = match purpose {
            Purpose::Write => {
                let turn = self.one_writer.clone().lock_owned();
                let guard = self.writers_waiting.wait_for(turn).await;
                (Some(guard), &self.writes, "begin immediate")
            }
            Purpose::Snapshot => (None, &self.reads, "begin"),
        };
        let waiting = match purpose {
            Purpose::Write => &self.writers_waiting,
            Purpose::Snapshot => &self.readers_waiting,
        };
        let mut transaction = SqliteTransaction {
            connection: waiting.wait_for(pool.acquire()).await?,
            is_over: false,
            _guard: guard,
        };
        transaction.script(begin).await?;
        Ok(Box::new(transaction))
    }

    async fn migrate(&self) -> Result<(), StoreError> {
        let failed = |error: MigrateError| StoreError::Migration(error.to_string());
        // sqlx locks nothing on SQLite. In one transaction, the second of two processes finds what the first has done.
        let mut connection = self.writes.acquire().await?;
        connection.close_on_drop();
        let mut transaction = connection.begin_with("begin immediate").await?;
        MIGRATIONS.run_direct(&mut *transaction).await.map_err(failed)?;
        Ok(transaction.commit().await?)
    }

    fn connections(&self) -> Vec<PoolState> {
        vec![
            PoolState::of("reads", &self.reads, &self.readers_waiting),
            PoolState::of("writes", &self.writes, &self.writers_waiting),
        ]
    }

    async fn close(&self) {
        self.reads.close().await;
        self.writes.close().await;
    }
}

/// It tells SQLite itself when to begin and to commit, because sqlx keeps count of transactions: SQLite ends one on its
/// own when its disk is full, and a connection that sqlx thinks to be inside of one would never begin another. Without a
/// commit the connection is closed, which rolls back whatever there is to roll back.
struct SqliteTransaction {
    // Dropped in this order: the next writer begins when this one's connection is on its way out.
    connection: PoolConnection<Sqlite>,
    is_over: bool,
    _guard: Option<OwnedMutexGuard<()>>,
}

impl Drop for SqliteTransaction {
    fn drop(&mut self) {
        if !self.is_over {
            self.connection.close_on_drop();
        }
    }
}

#[async_trait]
impl Transaction for SqliteTransaction {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    async fn rows(&mut self, query: Query) -> Result<Vec<Vec<Value>>, StoreError> {
        fetch(&mut *self.connection, &query).await
    }

    async fn execute(&mut self, query: Query) -> Result<u64, StoreError> {
        Ok(bound(&query).execute(&mut *self.connection).await?.rows_affected())
    }

    async fn script(&mut self, sql: &str) -> Result<(), StoreError> {
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
        let sql = insert_sql(table, columns, on_conflict);
        let mut written = 0;
        for row in rows {
            let query = row.iter().fold(sqlx::query(&sql), bind);
            written += query.execute(&mut *self.connection).await?.rows_affected();
        }
        Ok(written)
    }

    async fn commit(mut self: Box<Self>) -> Result<(), StoreError> {
        self.script("commit").await?;
        self.is_over = true;
        Ok(())
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
