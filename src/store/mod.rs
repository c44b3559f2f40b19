//! Two databases behind one small trait. Nearly everything that differs between SQLite and PostgreSQL lives in this folder, and
//! the code above it serves both. The exceptions are single statements, which match on [`Dialect`]: the try of
//! `log/rehearsal.rs` and the clock of `log/clock_guard.rs`; and the indexes of projections, which are written beside their
//! rows, once for each database.

mod cause;
mod database;
mod error;
mod grants;
mod hosts;
mod log_guards;
mod map_rows;
#[cfg(test)]
pub(crate) mod on_both_databases;
mod pool_state;
mod postgres;
mod postgres_copy;
mod postgres_gate;
mod postgres_guard;
mod postgres_ownership;
mod postgres_pool;
mod postgres_reach;
mod postgres_roles;
mod postgres_server_state;
mod postgres_session;
mod postgres_statements;
mod postgres_troubles;
mod postgres_url;
mod postgres_url_error;
mod postgres_url_parameters;
mod postgres_url_reading;
mod postgres_watch;
mod projection_tables;
mod read_ahead;
mod schema;
mod sqlite;
mod sqlite_file;
mod sqlite_opening;
mod sqlite_statements;
mod sqlite_url;
mod table_versions;

use std::sync::Arc;

pub use cause::Cause;
pub use database::{CommitsSeen, ConnectionPurpose, Database, Delete, Dialect, Insert, OnConflict, Transaction};
pub use error::StoreError;
pub(crate) use grants::{copy_grants, own_like};
pub(crate) use log_guards::missing_guards;
pub(crate) use map_rows::{MapDifference, RowsByOwner, put_new_rows, put_rows, take_out};
pub use pool_state::PoolState;
pub use postgres::{PostgresDatabase, Server};
pub use postgres_roles::{LogOwner, join_roles, leave_roles, log_warnings, settle_log_owner};
pub use postgres_troubles::{no_answer, trouble};
pub use postgres_url::{PostgresUrl, postgres_address};
pub use postgres_url_error::TargetSession;
pub use projection_tables::{create_projection, create_projection_tables, projection_indexes};
pub use read_ahead::ReadAhead;
#[cfg(test)]
pub(crate) use schema::create_missing_projections;
pub use schema::{migrate, require_tables};
pub use sqlite::SqliteDatabase;
pub use sqlite_file::SqliteFile;
pub use sqlite_url::{SqliteMode, SqliteUrl};

/// Opens the database that a URL names: `sqlite://path` or `postgres://…`.
///
/// # Errors
/// A URL of another kind, or a database that cannot be reached.
pub async fn open(url: &str) -> Result<Arc<dyn Database>, StoreError> {
    match SqliteUrl::parse(url).transpose()? {
        Some(url) => Ok(Arc::new(SqliteDatabase::open(&url).await?)),
        None => open_postgres(url, Server::Primary).await,
    }
}

/// Opens an existing database for writing.
///
/// # Errors
/// Those of [`open`]; the database does not exist or has no tables.
pub async fn open_made(url: &str) -> Result<Arc<dyn Database>, StoreError> {
    let database: Arc<dyn Database> = match SqliteUrl::parse(url).transpose()? {
        Some(url) => Arc::new(SqliteDatabase::open_to_write(&url).await?),
        None => open_postgres(url, Server::Primary).await?,
    };
    require_tables(&*database).await?;
    Ok(database)
}

/// Opens a database without creating or changing anything. Commands that only read may use [`Server::Any`].
///
/// # Errors
/// Those of [`open`]; the database does not exist, is not migrated, or was migrated by an incompatible version.
pub async fn open_existing(url: &str, server: Server) -> Result<Arc<dyn Database>, StoreError> {
    let database: Arc<dyn Database> = match SqliteUrl::parse(url).transpose()? {
        Some(url) => Arc::new(SqliteDatabase::open_existing(&url).await?),
        None => open_postgres(url, server).await?,
    };
    schema::require_migrated(&*database).await?;
    Ok(database)
}

async fn open_postgres(url: &str, server: Server) -> Result<Arc<dyn Database>, StoreError> {
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return Ok(Arc::new(PostgresDatabase::connect(url, server).await?));
    }
    Err(StoreError::BadUrl)
}
