//! SQLite: embedded, nothing to install. One writer and any number of readers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use gatebook_projections::sql::{Column, Query, Value};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteConnection, SqlitePool, SqlitePoolOptions};
use sqlx::{Connection, Executor, Sqlite};
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::timeout;

use super::database::{CommitsSeen, ConnectionPurpose, Database, Dialect, OnConflict, Transaction};
use super::error::StoreError;
use super::pool_state::{PoolState, WaitingCallers};
use super::sqlite_file::SqliteFile;
use super::sqlite_opening::{BUSY_TIMEOUT, OpenedFile};
use super::sqlite_statements::{bind, delete_sql, fetch, insert_sql, of};
use super::sqlite_url::SqliteUrl;

/// The migrations, oldest first.
pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");
/// Connections for reads other than the gate's.
const READ_CONNECTIONS: u32 = 4;
/// Connections reserved for the gate and the token endpoint.
const GATE_CONNECTIONS: u32 = 2;
/// How long a gate query may take, waiting for a connection included.
const GATE_TIMEOUT: Duration = Duration::from_secs(1);
/// How long any other query may take, as on PostgreSQL. It ends even if nobody waits for it any more.
const READ_TIMEOUT: Duration = Duration::from_secs(10);
/// How many rows one statement writes. Each statement goes to another thread and back.
const ROWS_AT_ONCE: usize = 50;
/// After this many virtual machine steps (about ten microseconds) a reader checks the time and yields to other threads.
const STEPS_BEFORE_YIELDING: i32 = 1_000;

/// How many connections have been opened to look for commits; each counts them differently.
static CONNECTIONS_THAT_LOOK: AtomicU64 = AtomicU64::new(0);

pub struct SqliteDatabase {
    file: Arc<SqliteFile>,
    is_read_only: bool,
    gate: SqlitePool,
    /// One connection that only looks whether others committed. It never writes and holds no transaction.
    commits: SqlitePool,
    data_version: Query,
    reads: SqlitePool,
    writes: SqlitePool,
    gate_waiting: WaitingCallers,
    readers_waiting: WaitingCallers,
    writers_waiting: WaitingCallers,
    /// This process's writers queue here in order, instead of polling SQLite's lock.
    one_writer: Arc<Mutex<()>>,
    /// Stays open until `close`: when its last connection closes, SQLite removes its side files, and the next
    /// connection would create new ones.
    first: Mutex<Option<SqliteConnection>>,
}

impl SqliteDatabase {
    /// Opens the file. Creates it first, unless the URL forbids that.
    pub async fn open(url: &SqliteUrl) -> Result<Self, StoreError> {
        Self::on(OpenedFile::made(url).await?).await
    }

    /// Opens an existing file for writing.
    pub async fn open_to_write(url: &SqliteUrl) -> Result<Self, StoreError> {
        Self::on(OpenedFile::to_write(url).await?).await
    }

    /// Opens an existing file without changing it.
    pub async fn open_existing(url: &SqliteUrl) -> Result<Self, StoreError> {
        Self::on(OpenedFile::to_look(url).await?).await
    }

    async fn on(opened: OpenedFile) -> Result<Self, StoreError> {
        let pool = |connections| {
            SqlitePoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(BUSY_TIMEOUT)
                .test_before_acquire(false)
                // Connections to a file do not age, and a new one could open a different file.
                .idle_timeout(None)
                .max_lifetime(None)
        };
        let database = Self {
            file: Arc::new(opened.file),
            is_read_only: opened.is_read_only,
            gate: pool(GATE_CONNECTIONS).connect_with(opened.options.clone()).await?,
            commits: pool(1)
                .after_connect(|_, _| {
                    Box::pin(async {
                        CONNECTIONS_THAT_LOOK.fetch_add(1, Ordering::SeqCst);
                        Ok(())
                    })
                })
                .connect_with(opened.options.clone())
                .await?,
            data_version: Query::new("pragma data_version", []),
            reads: pool(READ_CONNECTIONS).connect_with(opened.options.clone()).await?,
            writes: pool(2).connect_with(opened.options).await?,
            gate_waiting: WaitingCallers::default(),
            readers_waiting: WaitingCallers::default(),
            writers_waiting: WaitingCallers::default(),
            one_writer: Arc::new(Mutex::new(())),
            first: Mutex::new(Some(opened.first)),
        };
        database.file.is_still_there()?;
        Ok(database)
    }

    pub fn file(&self) -> &SqliteFile {
        &self.file
    }

    /// All reads outside transactions go through here, the gate's included.
    async fn ask(
        &self,
        pool: &SqlitePool,
        waiting: &WaitingCallers,
        limit: Option<Duration>,
        query: &Query,
    ) -> Result<Vec<Vec<Value>>, StoreError> {
        // Checked before, because a new connection opens whatever file is there now; and after, because an answer from
        // a file that is no longer the database may be older than a revocation.
        self.file.is_still_there()?;
        let mut connection = waiting.wait_for(pool.acquire()).await?;
        if let Some(limit) = limit {
            end_after(&mut connection, limit).await?;
        }
        let rows = fetch(&mut *connection, query).await;
        self.file.is_still_there()?;
        rows
    }

    async fn empty_log(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        connection.execute("pragma wal_checkpoint(truncate)").await?;
        Ok(())
    }

    fn require_writable(&self) -> Result<(), StoreError> {
        if !self.is_read_only {
            return Ok(());
        }
        let path = self.file.path().display();
        Err(StoreError::unavailable(format!(
            "{path} can only be read here, and this command writes"
        )))
    }
}

#[async_trait]
impl Database for SqliteDatabase {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    async fn rows(&self, query: Query) -> Result<Vec<Vec<Value>>, StoreError> {
        self.ask(&self.reads, &self.readers_waiting, Some(READ_TIMEOUT), &query)
            .await
    }

    fn reachable(&self) -> Result<(), StoreError> {
        self.file.is_still_there()
    }

    async fn gate_rows(&self, query: Query) -> Result<Vec<Vec<Value>>, StoreError> {
        let answered = timeout(GATE_TIMEOUT, self.ask(&self.gate, &self.gate_waiting, None, &query)).await;
        answered.unwrap_or_else(|_| Err(StoreError::unavailable("it did not answer in time")))
    }

    async fn commits_seen(&self) -> Result<Option<CommitsSeen>, StoreError> {
        let looking = self.ask(&self.commits, &self.gate_waiting, None, &self.data_version);
        let rows = timeout(GATE_TIMEOUT, looking).await;
        let rows = rows.unwrap_or_else(|_| Err(StoreError::unavailable("it did not answer in time")))?;
        match rows.first().map(Vec::as_slice) {
            Some([Value::Int(data_version)]) => Ok(Some(CommitsSeen {
                connection: CONNECTIONS_THAT_LOOK.load(Ordering::SeqCst),
                data_version: *data_version,
            })),
            _ => Err(StoreError::internal("data_version is no number")),
        }
    }

    async fn begin(&self, purpose: ConnectionPurpose) -> Result<Box<dyn Transaction>, StoreError> {
        let (guard, pool, begin) = match purpose {
            ConnectionPurpose::Write | ConnectionPurpose::Rehearsal => {
                self.require_writable()?;
                let turn = self.one_writer.clone().lock_owned();
                let guard = self.writers_waiting.wait_for(turn).await;
                (Some(guard), &self.writes, "begin immediate")
            }
            ConnectionPurpose::Snapshot => (None, &self.reads, "begin"),
        };
        let waiting = match purpose {
            ConnectionPurpose::Write | ConnectionPurpose::Rehearsal => &self.writers_waiting,
            ConnectionPurpose::Snapshot => &self.readers_waiting,
        };
        self.file.is_still_there()?;
        let mut connection = waiting.wait_for(pool.acquire()).await?;
        // Earlier queries on this connection had a time limit. A snapshot may read the whole log, so it has none.
        if purpose == ConnectionPurpose::Snapshot {
            connection.lock_handle().await?.remove_progress_handler();
        }
        let mut transaction = SqliteTransaction {
            connection,
            file: self.file.clone(),
            is_over: false,
            _guard: guard,
        };
        transaction.script(begin).await?;
        Ok(Box::new(transaction))
    }

    async fn migrate(&self) -> Result<(), StoreError> {
        self.require_writable()?;
        let failed = |error: MigrateError| StoreError::Migration(error.into());
        // sqlx takes no lock on SQLite. Within one transaction the second of two processes sees the first one's
        // migrations.
        let mut connection = self.writes.acquire().await?;
        connection.close_on_drop();
        let mut transaction = connection.begin_with("begin immediate").await?;
        MIGRATIONS.run_direct(&mut *transaction).await.map_err(failed)?;
        self.file.is_still_there()?;
        transaction.commit().await?;
        self.file.is_still_there()
    }

    fn connections(&self) -> Vec<PoolState> {
        vec![
            PoolState::of("gate", &self.gate, &self.gate_waiting),
            PoolState::of("reads", &self.reads, &self.readers_waiting),
            PoolState::of("writes", &self.writes, &self.writers_waiting),
        ]
    }

    async fn close(&self) {
        self.gate.close().await;
        self.commits.close().await;
        self.reads.close().await;
        self.writes.close().await;
        let Some(mut first) = self.first.lock().await.take() else {
            return;
        };
        // The database was moved away, but its write-ahead log stayed. SQLite would apply that log to the next database
        // at this path. Emptying it prevents that, and brings all acknowledged commits into the moved database.
        let emptied = match self.file.left_its_log() {
            true => Self::empty_log(&mut first).await,
            false => Ok(()),
        };
        if let Err(error) = emptied.and(first.close().await) {
            tracing::warn!(%error, "the database file was not closed properly");
        }
    }
}

/// Begins and commits with its own SQL, because sqlx counts transactions: when the disk is full SQLite ends a
/// transaction by itself, and sqlx would then never begin another on that connection. Without a commit the connection
/// is closed, which rolls back.
struct SqliteTransaction {
    // Fields drop in this order, so the next writer starts only after this connection is being closed.
    connection: PoolConnection<Sqlite>,
    file: Arc<SqliteFile>,
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
        let rows = fetch(&mut *self.connection, &query).await;
        self.file.is_still_there()?;
        rows
    }

    async fn execute(&mut self, query: Query) -> Result<u64, StoreError> {
        Ok(of(&query).execute(&mut *self.connection).await?.rows_affected())
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
        let sql = |rows| insert_sql(table, columns, on_conflict, rows);
        self.in_pieces(rows, sql).await
    }

    async fn delete(&mut self, table: &str, keys: &[Column], rows: &[Vec<Value>]) -> Result<u64, StoreError> {
        self.in_pieces(rows, |rows| delete_sql(table, keys, rows)).await
    }

    async fn commit(mut self: Box<Self>) -> Result<(), StoreError> {
        // Returning here rolls back.
        self.file.is_still_there()?;
        self.script("commit").await?;
        self.is_over = true;
        // If the file disappeared between the check and the commit, the commit is lost with it.
        self.file.is_still_there()
    }
}

impl SqliteTransaction {
    /// Runs a statement for many rows at once, and for the rest of them one by one, so that there are two of it to prepare.
    async fn in_pieces(&mut self, rows: &[Vec<Value>], sql: impl Fn(usize) -> String) -> Result<u64, StoreError> {
        let pieces = rows.chunks_exact(ROWS_AT_ONCE);
        let rest = pieces.remainder().chunks(1);
        let mut written = 0;
        for (pieces, size) in [(pieces.collect::<Vec<_>>(), ROWS_AT_ONCE), (rest.collect(), 1)] {
            let sql = sql(size);
            for piece in pieces {
                let query = piece.iter().flatten().fold(sqlx::query(&sql), bind);
                written += query.execute(&mut *self.connection).await?.rows_affected();
            }
        }
        Ok(written)
    }
}

/// Makes SQLite abort the next query after this time and yield regularly. A search runs inside this process on the
/// gate's processor; without yielding it could keep the processor longer than a whole check takes.
async fn end_after(connection: &mut SqliteConnection, limit: Duration) -> Result<(), StoreError> {
    let deadline = Instant::now() + limit;
    let mut handle = connection.lock_handle().await?;
    handle.set_progress_handler(STEPS_BEFORE_YIELDING, move || {
        std::thread::yield_now();
        Instant::now() < deadline
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_question_without_an_end_is_given_up_and_the_next_one_is_answered() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("gatebook.db").display());
        let database = SqliteDatabase::open(&SqliteUrl::parse(&url).unwrap().unwrap())
            .await
            .unwrap();
        let endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n";
        let limit = Duration::from_millis(20);
        let query = Query::new(endless, []);
        let answer = database
            .ask(&database.reads, &database.readers_waiting, Some(limit), &query)
            .await;
        assert!(answer.as_ref().is_err_and(StoreError::is_unavailable), "{answer:?}");
        // Runs longer than the limit above, on each connection, inside and outside a snapshot.
        let long =
            "with recursive n(i) as (select 1 union all select i + 1 from n where i < 300000) select count(*) from n";
        for _ in 0..READ_CONNECTIONS {
            let mut snapshot = database.begin(ConnectionPurpose::Snapshot).await.unwrap();
            assert_eq!(
                snapshot.rows(Query::new(long, [])).await.unwrap(),
                [[Value::Int(300_000)]]
            );
            assert!(database.rows(Query::new(long, [])).await.is_ok());
        }
    }
}
