//! Two databases behind one small trait. What is different between SQLite and PostgreSQL lives in this folder; everything
//! above it exists once.

mod database;
mod error;
#[cfg(test)]
pub(crate) mod on_both_databases;
mod pool_state;
mod postgres;
mod postgres_pool;
mod schema;
mod sqlite;

use std::path::Path;
use std::sync::Arc;

pub use database::{Database, Dialect, OnConflict, Purpose, Transaction};
pub use error::StoreError;
pub use pool_state::PoolState;
pub use postgres::PostgresDatabase;
pub use schema::{create_projection, create_projection_table, migrate, projection_indexes};
pub use sqlite::SqliteDatabase;

/// Opens the database that a URL names: `sqlite://path` or `postgres://…`.
///
/// # Errors
/// A URL of another kind, or a database that cannot be reached.
pub async fn open(url: &str) -> Result<Arc<dyn Database>, StoreError> {
    match sqlite_path(url) {
        Some(path) => Ok(Arc::new(SqliteDatabase::open(path).await?)),
        None => open_postgres(url).await,
    }
}

/// Opens the database that a URL names as it is, for those who only want to look: nothing is made or changed, and its
/// tables have to be this program's.
///
/// # Errors
/// As for [`open`]; and a database that is not there, not migrated, or migrated by another version of this program.
pub async fn open_existing(url: &str) -> Result<Arc<dyn Database>, StoreError> {
    let database: Arc<dyn Database> = match sqlite_path(url) {
        Some(path) => Arc::new(SqliteDatabase::open_existing(path).await?),
        None => open_postgres(url).await?,
    };
    schema::require_migrated(&*database).await?;
    Ok(database)
}

fn sqlite_path(url: &str) -> Option<&Path> {
    let path = url.strip_prefix("sqlite:")?;
    Some(path.strip_prefix("//").unwrap_or(path).as_ref())
}

async fn open_postgres(url: &str) -> Result<Arc<dyn Database>, StoreError> {
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return Ok(Arc::new(PostgresDatabase::connect(url).await?));
    }
    Err(StoreError::BadUrl)
}
