//! Two databases behind one small trait. What is different between SQLite and PostgreSQL lives in this folder; everything
//! above it exists once.

mod database;
mod error;
#[cfg(test)]
pub(crate) mod on_both_databases;
mod postgres;
mod postgres_pool;
mod schema;
mod sqlite;

use std::sync::Arc;

pub use database::{Database, Dialect, OnConflict, Purpose, Transaction};
pub use error::StoreError;
pub use postgres::PostgresDatabase;
pub use schema::{create_projection, create_projection_table, migrate, projection_indexes};
pub use sqlite::SqliteDatabase;

/// Opens the database that a URL names: `sqlite://path` or `postgres://…`.
///
/// # Errors
/// A URL of another kind, or a database that cannot be reached.
pub async fn open(url: &str) -> Result<Arc<dyn Database>, StoreError> {
    if let Some(path) = url.strip_prefix("sqlite:") {
        let path = path.strip_prefix("//").unwrap_or(path);
        return Ok(Arc::new(SqliteDatabase::open(path.as_ref()).await?));
    }
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return Ok(Arc::new(PostgresDatabase::connect(url).await?));
    }
    Err(StoreError::BadUrl)
}
