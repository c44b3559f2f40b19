//! A transaction whose statements are counted, and timed from the first to the end of the commit: so long it holds the log's
//! lock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use gatebook::store::{Delete, Dialect, Insert, OnConflict, StoreError, Transaction};
use gatebook_projections::sql::{Column, Query, Value};

/// What writes have taken so far.
#[derive(Default)]
pub struct Writes {
    statements: Mutex<Vec<String>>,
    longest_micros: AtomicU64,
}

impl Writes {
    /// What the database was asked for, begins and commits included; questions outside of writes, too.
    pub fn statements(&self) -> Vec<String> {
        self.statements.lock().unwrap().clone()
    }

    /// The longest time from the first statement to the end of the commit.
    pub fn longest(&self) -> Duration {
        Duration::from_micros(self.longest_micros.load(Ordering::SeqCst))
    }

    /// One more.
    pub fn asked(&self, what: &str) {
        self.statements.lock().unwrap().push(what.to_owned());
    }
}

pub struct WatchedWrite {
    pub transaction: Box<dyn Transaction>,
    pub writes: Arc<Writes>,
    pub begun: Instant,
}

#[async_trait]
impl Transaction for WatchedWrite {
    fn dialect(&self) -> Dialect {
        self.transaction.dialect()
    }

    async fn rows(&mut self, query: Query) -> Result<Vec<Vec<Value>>, StoreError> {
        self.writes.asked(&query.sql);
        self.transaction.rows(query).await
    }

    async fn execute(&mut self, query: Query) -> Result<u64, StoreError> {
        self.writes.asked(&query.sql);
        self.transaction.execute(query).await
    }

    async fn script(&mut self, sql: &str) -> Result<(), StoreError> {
        self.writes.asked(sql);
        self.transaction.script(sql).await
    }

    async fn insert(
        &mut self,
        table: &str,
        columns: &[Column],
        rows: &[Vec<Value>],
        on_conflict: OnConflict,
    ) -> Result<u64, StoreError> {
        if !rows.is_empty() {
            self.writes.asked(&format!("insert into {table}"));
        }
        self.transaction.insert(table, columns, rows, on_conflict).await
    }

    async fn delete(&mut self, table: &str, keys: &[Column], rows: &[Vec<Value>]) -> Result<u64, StoreError> {
        if !rows.is_empty() {
            self.writes.asked(&format!("delete from {table}"));
        }
        self.transaction.delete(table, keys, rows).await
    }

    async fn write_all(&mut self, deletes: Vec<Delete>, inserts: Vec<Insert>, then: Query) -> Result<(), StoreError> {
        let deleted = deletes.iter().filter(|delete| !delete.rows.is_empty());
        let deleted = deleted.map(|delete| format!("delete from {}", delete.table));
        let inserted = inserts.iter().filter(|insert| !insert.rows.is_empty());
        let inserted = inserted.map(|insert| format!("insert into {}", insert.table));
        let all: Vec<_> = deleted.chain(inserted).chain([then.sql.clone()]).collect();
        self.writes.asked(&all.join("; "));
        self.transaction.write_all(deletes, inserts, then).await
    }

    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        self.writes.asked("commit");
        self.transaction.commit().await?;
        let took = u64::try_from(self.begun.elapsed().as_micros()).unwrap();
        self.writes.longest_micros.fetch_max(took, Ordering::SeqCst);
        Ok(())
    }
}
