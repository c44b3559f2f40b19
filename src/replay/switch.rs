//! The end of a rebuild. It holds the log's lock, so that no event is missed between two generations.

use std::time::Duration;

use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::sql::Query;

use super::ReplayError;
use super::head::head;
use super::rebuild::Rebuild;
use crate::store::{ConnectionPurpose, StoreError, Transaction, copy_grants};

/// How often the switch is tried while somebody holds a lock it needs, such as a verification that reads the old table.
/// With the growing pauses it waits about 80 seconds in all.
const TRIES: u32 = 40;
/// The pause after the first try. Each further pause is longer by the same time.
const PAUSE: Duration = Duration::from_millis(100);

impl Rebuild<'_> {
    /// Replaces the old table with the new one. Returns the last position that it includes.
    pub(super) async fn switch(&mut self, now: Timestamp) -> Result<i64, ReplayError> {
        for tried in 1..TRIES {
            match self.try_switch(now).await {
                Err(error) if error.is_unavailable() => {
                    tracing::info!(%error, tried, projection = self.projection.name, "the switch to the new table is \
                                                                                      delayed");
                    tokio::time::sleep(PAUSE * tried).await;
                    self.catch_up().await?;
                }
                outcome => return outcome,
            }
        }
        self.try_switch(now).await
    }

    async fn try_switch(&self, now: Timestamp) -> Result<i64, ReplayError> {
        let mut transaction = self.database.begin(ConnectionPurpose::Write).await?;
        // Fails fast rather than make others queue behind a lock that it cannot get.
        let lock_within = transaction.dialect().lock_within("200ms");
        transaction.script(&lock_within).await?;
        // In the writers' order: first the head, then the tables. Another order could deadlock.
        let head = lock_head(&mut *transaction).await?;
        self.claim_in(&mut *transaction).await?;
        // Waits for readers of the old table first, before any work during which others would have to wait.
        let (name, next) = (self.projection.name, &self.next);
        let lock_table = transaction.dialect().lock_table(name);
        transaction.script(&lock_table).await?;
        self.refold(&mut *transaction, head).await?;
        copy_grants(&mut *transaction, name, next).await?;
        transaction.script(&format!("drop table {name}")).await?;
        transaction
            .script(&format!("alter table {next} rename to {name}"))
            .await?;
        self.put_generation(&mut *transaction, now).await?;
        transaction.commit().await?;
        Ok(head)
    }

    async fn put_generation(&self, transaction: &mut dyn Transaction, now: Timestamp) -> Result<(), StoreError> {
        let order = "update projections set generation = $1, fold_version = $2, rebuilt_at = $3, \
             rebuild_from = null, rebuild_cursor = null, last_error = null where name = $4";
        let args = [
            (self.generation + 1).into(),
            self.projection.fold_version.into(),
            now.into(),
            self.projection.name.into(),
        ];
        transaction.execute(Query::new(order, args)).await?;
        Ok(())
    }
}

/// Takes the log's lock: nobody can append until the transaction ends.
pub(super) async fn lock_head(transaction: &mut dyn Transaction) -> Result<i64, StoreError> {
    let lock = transaction.dialect().for_update();
    head(transaction, lock).await
}
