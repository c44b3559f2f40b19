//! The end of a rebuild. It holds the log's lock, so that no event is missed between two generations.

use std::time::Duration;

use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::sql::Query;

use super::ReplayError;
use super::head::head;
use super::next_tables::{next, table_exists};
use super::rebuild::Rebuild;
use crate::store::{ConnectionPurpose, StoreError, Transaction, copy_grants};

/// How often the switch is tried while somebody holds a lock it needs, such as a verification that reads the old table.
/// With the growing pauses it waits about 80 seconds in all.
const TRIES: u32 = 40;
/// The pause after the first try. Each further pause is longer by the same time.
const PAUSE: Duration = Duration::from_millis(100);

impl Rebuild<'_> {
    /// Replaces the old tables with the new ones. Returns the last position that they include.
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
        // Waits for readers of the old tables first, before any work during which others would have to wait.
        let mut old = Vec::new();
        for table in self.projection.tables() {
            // The older program may have had no table for a map.
            if table_exists(&mut *transaction, table).await? {
                let lock_table = transaction.dialect().lock_table(table);
                transaction.script(&lock_table).await?;
                old.push(table);
            }
        }
        self.refold(&mut *transaction, head).await?;
        for table in old {
            copy_grants(&mut *transaction, table, &next(table)).await?;
            transaction.script(&format!("drop table {table}")).await?;
        }
        for table in self.projection.tables() {
            let order = format!("alter table {} rename to {table}", next(table));
            transaction.script(&order).await?;
        }
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
