//! Rows that are read while something else is done.

use std::sync::Arc;

use gatebook_projections::sql::{Query, Value};
use tokio_util::task::AbortOnDropHandle;

use super::cause::Cause;
use super::database::Database;
use super::error::StoreError;

/// A query on its way, in a task of its own: whatever else its owner does, it is carried on with and lets go of its connection.
/// Whoever drops it gives it up.
pub struct ReadAhead(AbortOnDropHandle<Result<Vec<Vec<Value>>, StoreError>>);

impl ReadAhead {
    /// Begins to read.
    pub fn begin(database: &Arc<dyn Database>, query: Query) -> Self {
        let database = database.clone();
        Self(AbortOnDropHandle::new(tokio::spawn(async move {
            database.rows(query).await
        })))
    }

    /// The rows.
    ///
    /// # Errors
    /// They cannot be read.
    pub async fn rows(self) -> Result<Vec<Vec<Value>>, StoreError> {
        let lost = |error| StoreError::internal(Cause::explained("what was read ahead is lost", error));
        self.0.await.map_err(lost)?
    }
}
