//! R23: when client secrets were used last. Kept in memory and written now and then, because issuing a token writes
//! nothing. A crash loses at most what was not written yet; nothing is decided by it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use gatebook_aggregates::identifiers::ClientSecretId;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::sql::{Query, RowReader, Value, text};

use crate::store::{Database, OnConflict, Purpose, StoreError};

/// The uses since they were last written.
#[derive(Default)]
pub struct SecretUsage {
    since_written: Mutex<HashMap<ClientSecretId, Timestamp>>,
}

impl SecretUsage {
    /// A secret was used.
    pub fn used(&self, secret: ClientSecretId, at: Timestamp) {
        self.since_written
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(secret, at);
    }

    /// Writes what has come together.
    pub async fn write(&self, database: &dyn Database) -> Result<(), StoreError> {
        let uses = std::mem::take(&mut *self.since_written.lock().unwrap_or_else(PoisonError::into_inner));
        if uses.is_empty() {
            return Ok(());
        }
        let rows: Vec<Vec<Value>> = uses
            .iter()
            .map(|(secret, at)| vec![(*secret).into(), (*at).into()])
            .collect();
        let columns = [text("client_secret_id"), text("last_used_at")];
        let mut transaction = database.begin(Purpose::Write).await?;
        transaction
            .insert("client_secret_usage", &columns, &rows, OnConflict::Replace)
            .await?;
        transaction.commit().await
    }

    /// When a secret was used last.
    pub async fn last_used(
        &self,
        database: &dyn Database,
        secret: ClientSecretId,
    ) -> Result<Option<Timestamp>, StoreError> {
        let in_memory = self
            .since_written
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&secret)
            .copied();
        if in_memory.is_some() {
            return Ok(in_memory);
        }
        let sql = "select last_used_at from client_secret_usage where client_secret_id = $1";
        let rows = database.rows(Query::new(sql, [secret.into()])).await?;
        let row = rows.into_iter().next();
        Ok(row
            .map(|row| RowReader::new("client_secret_usage", row).time())
            .transpose()?)
    }
}
