//! R23: when client secrets, user tokens and sessions were used last. Kept in memory and written now and then, because
//! issuing or checking a token writes nothing. A crash loses at most what was not written yet.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::sql::{Query, RowReader, Value, text};
use uuid::Uuid;

use crate::store::{Database, OnConflict, Purpose, StoreError};

/// The uses since they were last written.
#[derive(Default)]
pub struct LastUses {
    since_written: Mutex<HashMap<Uuid, Timestamp>>,
}

impl LastUses {
    /// The secret, token or session with this id was used.
    pub fn used(&self, id: Uuid, at: Timestamp) {
        self.since_written
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id, at);
    }

    /// Writes what has come together.
    pub async fn write(&self, database: &dyn Database) -> Result<(), StoreError> {
        let uses = std::mem::take(&mut *self.since_written.lock().unwrap_or_else(PoisonError::into_inner));
        if uses.is_empty() {
            return Ok(());
        }
        let rows: Vec<Vec<Value>> = uses.iter().map(|(id, at)| vec![(*id).into(), (*at).into()]).collect();
        let columns = [text("id"), text("last_used_at")];
        let mut transaction = database.begin(Purpose::Write).await?;
        transaction
            .insert("last_uses", &columns, &rows, OnConflict::Replace)
            .await?;
        transaction.commit().await
    }

    /// When it was used last, as far as this process knows or any has written.
    pub async fn last_used(&self, database: &dyn Database, id: Uuid) -> Result<Option<Timestamp>, StoreError> {
        let in_memory = self
            .since_written
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&id)
            .copied();
        let sql = "select last_used_at from last_uses where id = $1";
        let rows = database.rows(Query::new(sql, [id.into()])).await?;
        let row = rows.into_iter().next();
        let written = row.map(|row| RowReader::new("last_uses", row).time()).transpose()?;
        Ok(in_memory.max(written))
    }
}
