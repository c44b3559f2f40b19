//! R23: when client secrets, tokens and sessions were used last. Kept in memory and written now and then, because
//! issuing or checking a token writes nothing. A crash loses at most what was not written yet.

use gatebook_aggregates::identifiers::ClientSecretId;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::sql::{Column, Query, RowReader, Value, text};
use uuid::Uuid;

use crate::store::{ConnectionPurpose, Database, OnConflict, StoreError};

/// The uses that are not written yet.
#[derive(Default)]
pub struct LastUses(Mutex<BTreeMap<Uuid, LastUse>>);

/// What was used, and when.
#[derive(Clone, Copy)]
struct LastUse {
    of: Of,
    at: Timestamp,
}

/// What was used. Rows about credentials go when these do; client secrets belong to their application's events.
#[derive(Clone, Copy)]
enum Of {
    ClientSecret,
    Credential,
}

impl Of {
    fn name(self) -> &'static str {
        match self {
            Self::ClientSecret => "client_secret",
            Self::Credential => "credential",
        }
    }
}

const COLUMNS: &[Column] = &[text("id"), text("used"), text("last_used_at")];

impl LastUses {
    /// The client secret with this id was used.
    pub fn client_secret_used(&self, id: ClientSecretId, at: Timestamp) {
        self.used(Of::ClientSecret, id.into(), at);
    }

    /// The token or session with this id was used.
    pub fn credential_used(&self, id: impl Into<Uuid>, at: Timestamp) {
        self.used(Of::Credential, id.into(), at);
    }

    fn used(&self, of: Of, id: Uuid, at: Timestamp) {
        let mut unwritten = self.unwritten();
        let latest = unwritten.entry(id).or_insert(LastUse { of, at });
        latest.at = latest.at.max(at);
    }

    /// Writes what has come together. It is forgotten here only once it is written, so that nobody who looks meanwhile
    /// misses it, and nothing is lost when the database is away.
    pub async fn write(&self, database: &dyn Database) -> Result<(), StoreError> {
        let uses = self.unwritten().clone();
        if uses.is_empty() {
            return Ok(());
        }
        // In the order of their ids: nodes that write at the same time wait for each other instead of both for ever.
        let rows: Vec<Vec<Value>> = uses
            .iter()
            .map(|(id, one)| vec![(*id).into(), one.of.name().into(), one.at.into()])
            .collect();
        let mut transaction = database.begin(ConnectionPurpose::Write).await?;
        // Another node may have seen a later use.
        transaction
            .insert("last_uses", COLUMNS, &rows, OnConflict::ReplaceEarlier("last_used_at"))
            .await?;
        transaction.commit().await?;
        self.unwritten()
            .retain(|id, now| uses.get(id).is_none_or(|written| written.at < now.at));
        Ok(())
    }

    /// When it was used last, as far as this process knows or any has written.
    pub async fn last_used(
        &self,
        database: &dyn Database,
        id: impl Into<Uuid> + Send,
    ) -> Result<Option<Timestamp>, StoreError> {
        let id = id.into();
        // First here, then there: what is written in between is seen at one of the two places.
        let unwritten = self.not_written_yet(id);
        let sql = "select last_used_at from last_uses where id = $1";
        let rows = database.rows(Query::new(sql, [id.into()])).await?;
        let row = rows.into_iter().next();
        let written = row.map(|row| RowReader::new("last_uses", row).time()).transpose()?;
        Ok(unwritten.max(written))
    }

    /// The last use that only this process knows of.
    pub(in crate::application) fn not_written_yet(&self, id: Uuid) -> Option<Timestamp> {
        self.unwritten().get(&id).map(|one| one.at)
    }

    fn unwritten(&self) -> MutexGuard<'_, BTreeMap<Uuid, LastUse>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
