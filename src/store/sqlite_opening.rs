//! Opens a SQLite database file, for writing or only for reading.

use std::path::Path;
use std::time::Duration;

use sqlx::error::DatabaseError;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Connection, Executor};
use tokio::time::timeout;

use super::cause::Cause;
use super::error::StoreError;
use super::sqlite_file::{self, SqliteFile};
use super::sqlite_url::{SqliteMode, SqliteUrl};

/// How long to wait for another process's write, or for a connection, before the database counts as unavailable.
pub const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// The pause before another try to open the file.
const OPENING_PAUSE: Duration = Duration::from_millis(20);
/// The size (16 MiB) to which SQLite truncates the write-ahead log after its commits are in the database. The log grows
/// beyond it during one large transaction, or while somebody reads an old snapshot.
const LOG_SIZE_LIMIT: &str = "16777216";

pub struct OpenedFile {
    /// The options for further connections.
    pub options: SqliteConnectOptions,
    /// The first connection. While it is open, SQLite keeps its side files.
    pub first: SqliteConnection,
    pub file: SqliteFile,
    pub is_read_only: bool,
}

impl OpenedFile {
    /// Opens a file for writing. Creates it first, unless the URL forbids that.
    pub async fn made(url: &SqliteUrl) -> Result<Self, StoreError> {
        if url.mode == SqliteMode::ReadWriteCreate {
            sqlite_file::make(&url.path).map_err(|error| StoreError::file(&url.path, error))?;
        }
        Self::to_write(url).await
    }

    /// Opens an existing file for writing.
    pub async fn to_write(url: &SqliteUrl) -> Result<Self, StoreError> {
        let path = require_file(url)?;
        if url.mode == SqliteMode::ReadOnly {
            let why = "the URL says mode=ro, and this command writes";
            return Err(StoreError::file(path, why));
        }
        sqlite_file::is_writable(path).map_err(|error| StoreError::file(path, error))?;
        if sqlite_file::is_open_to_everybody(path) {
            let file = path.display();
            tracing::warn!(%file, "every user of this machine can read the database file; run “chmod 600” on it");
        }
        Self::with(options(path).journal_mode(SqliteJournalMode::Wal), path, false).await
    }

    /// Opens a file for reading. If its folder is not writable, SQLite cannot create its side files; the database is
    /// then opened as immutable, and watched for changes.
    pub async fn to_look(url: &SqliteUrl) -> Result<Self, StoreError> {
        let path = require_file(url)?;
        let is_read_only = url.mode == SqliteMode::ReadOnly || sqlite_file::is_writable(path).is_err();
        match Self::with(options(path).read_only(is_read_only), path, is_read_only).await {
            Err(StoreError::File { .. }) if !sqlite_file::is_folder_writable(path) => Self::unchanging(path).await,
            opened => opened,
        }
    }

    async fn unchanging(path: &Path) -> Result<Self, StoreError> {
        if sqlite_file::has_commits_beside(path) {
            let why = "its folder cannot be written to, and there are commits in the file “-wal” beside it that SQLite \
                       then cannot read; copy both files into another folder and look there";
            return Err(StoreError::file(path, why));
        }
        // Recorded before opening, so that no change goes unnoticed.
        let file = SqliteFile::opened_unchanging(path).map_err(|error| StoreError::file(path, error))?;
        let options = options(path).read_only(true).immutable(true);
        Ok(Self {
            first: first_connection(&options)
                .await
                .map_err(|error| StoreError::file(path, error))?,
            options,
            file,
            is_read_only: true,
        })
    }

    async fn with(options: SqliteConnectOptions, path: &Path, is_read_only: bool) -> Result<Self, StoreError> {
        let looked_at = |error: std::io::Error| StoreError::file(path, error);
        let before = SqliteFile::opened(path).map_err(looked_at)?;
        let first = first_connection(&options)
            .await
            .map_err(|error| not_opened(path, error))?;
        let file = SqliteFile::opened(path).map_err(looked_at)?;
        if !file.is_same_database(&before) {
            return Err(StoreError::file(path, "it was replaced in this moment"));
        }
        Ok(Self {
            options,
            first,
            file,
            is_read_only,
        })
    }
}

fn require_file(url: &SqliteUrl) -> Result<&Path, StoreError> {
    match url.path.metadata() {
        Ok(metadata) if metadata.is_file() => Ok(&url.path),
        Ok(_) => Err(StoreError::file(&url.path, "it is not a file")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(StoreError::NotThere(url.path.clone())),
        Err(error) => Err(StoreError::file(&url.path, error)),
    }
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY_TIMEOUT)
        .pragma("journal_size_limit", LOG_SIZE_LIMIT)
        // Search text is case-folded beforehand, and ids are compared exactly, as on PostgreSQL.
        .pragma("case_sensitive_like", "on")
}

/// Opens the file and SQLite's side files. When several processes create a database at once, SQLite lets one succeed
/// and fails the others immediately, so they try again.
async fn first_connection(options: &SqliteConnectOptions) -> Result<SqliteConnection, sqlx::Error> {
    let opening = async {
        loop {
            match connect(options).await {
                Err(sqlx::Error::Database(error)) if is_busy(&*error) => tokio::time::sleep(OPENING_PAUSE).await,
                connected => return connected,
            }
        }
    };
    timeout(BUSY_TIMEOUT, opening)
        .await
        .unwrap_or(Err(sqlx::Error::PoolTimedOut))
}

/// SQLite opens its side files at the first read, so read once.
async fn connect(options: &SqliteConnectOptions) -> Result<SqliteConnection, sqlx::Error> {
    let mut connection = SqliteConnection::connect_with(options).await?;
    connection.execute("select count(*) from sqlite_master").await?;
    Ok(connection)
}

fn not_opened(path: &Path, error: sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::Database(ref said) if !sqlite_file::is_folder_writable(path) => {
            let why = format!("{said}; SQLite makes files beside it, and its folder cannot be written to");
            StoreError::file(path, Cause::explained(why, error))
        }
        sqlx::Error::Database(ref said) => StoreError::file(path, Cause::explained(said.to_string(), error)),
        error => error.into(),
    }
}

/// Whether the code is SQLITE_BUSY or one of its extended codes.
fn is_busy(error: &dyn DatabaseError) -> bool {
    let code = error.code().and_then(|code| code.parse::<u32>().ok());
    code.is_some_and(|code| code & 0xff == 5)
}
