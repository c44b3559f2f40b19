//! A credential as the database holds it.

use gatebook_aggregates::text::Label;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::sql::{RowError, RowReader};

use crate::application::failure::Failure;
use crate::log::append::CredentialGuard;
use crate::secrets::CredentialKind;
use crate::store::StoreError;

/// A credential as it is kept.
#[derive(Clone)]
pub(in crate::application) struct StoredCredential {
    pub(in crate::application) id: String,
    pub(in crate::application) owner: String,
    pub(in crate::application) name: String,
    pub(in crate::application) digest: String,
    pub(in crate::application) created_at: Timestamp,
    pub(in crate::application) expires_at: Option<Timestamp>,
}

impl StoredCredential {
    /// Whether its time is over.
    pub(in crate::application) fn has_ended(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }

    /// The name that it was given.
    pub(in crate::application) fn label(&self) -> Result<Label, Failure> {
        Ok(Label::parse("name", &self.name)?)
    }

    /// The credential as something that a decision is based on.
    pub(in crate::application) fn guard(self, kind: CredentialKind) -> CredentialGuard {
        CredentialGuard {
            kind,
            id: self.id,
            digest: self.digest,
        }
    }
}

/// The beginning of every question about credentials.
pub(in crate::application) const SELECT: &str =
    "select id, owner, name, digest, created_at, expires_at from credentials";
/// Its columns in a query that calls the table `c`.
pub(in crate::application) const COLUMNS_OF_C: &str = "c.id, c.owner, c.name, c.digest, c.created_at, c.expires_at";

pub(in crate::application) fn read(
    values: Vec<gatebook_projections::sql::Value>,
) -> Result<StoredCredential, StoreError> {
    Ok(read_next(&mut RowReader::new("credentials", values))?)
}

/// Reads the columns of [`SELECT`], which come next.
pub(in crate::application) fn read_next(row: &mut RowReader) -> Result<StoredCredential, RowError> {
    Ok(StoredCredential {
        id: row.text()?,
        owner: row.text()?,
        name: row.text()?,
        digest: row.text()?,
        created_at: row.time()?,
        expires_at: row.optional_time()?,
    })
}
