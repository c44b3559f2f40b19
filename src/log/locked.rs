//! Decisions that are made under the log's lock. What is read there cannot change until it is committed, so that such a
//! decision loses against nobody: neither against another node, nor against whoever changes the same thing all the time.

use async_trait::async_trait;

use super::append::Append;
use crate::store::{StoreError, Transaction};

/// Something to decide under the log's lock, which all others wait for meanwhile: it reads little, and waits for nothing
/// but the database.
#[async_trait]
pub trait LockedDecision: Send + Sync {
    /// Decides on the log as it is, with all that is written before this. None when there is nothing to append.
    ///
    /// It is asked once more when the transaction has to be repeated; what it said before has not happened then.
    ///
    /// # Errors
    /// When the log cannot be read.
    async fn decide(&self, log: &mut dyn Transaction) -> Result<Option<Append>, StoreError>;
}
