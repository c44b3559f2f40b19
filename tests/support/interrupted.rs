//! A database between whose questions and writes a test can come: what happens there happens after something was decided,
//! and before it is written.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use async_trait::async_trait;
use futures::future::BoxFuture;
use gatebook::store::{ConnectionPurpose, Database, Dialect, StoreError, Transaction};
use gatebook_projections::sql::{Query, Value};
use tokio::sync::watch;

use super::watched_write::{WatchedWrite, Writes};

/// What happens before every write.
type Always = Arc<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

/// A database, and what is to happen before the next write to it.
pub struct Interrupted {
    database: Arc<dyn Database>,
    meanwhile: Mutex<Option<BoxFuture<'static, Result<(), StoreError>>>>,
    always: Mutex<Option<Always>>,
    questions: AtomicUsize,
    rows_read: AtomicUsize,
    begun_writes: AtomicUsize,
    writes: Arc<Writes>,
    searches: AtomicUsize,
    searches_end: watch::Sender<bool>,
}

impl Interrupted {
    pub fn new(database: Arc<dyn Database>) -> Self {
        Self {
            database,
            meanwhile: Mutex::default(),
            always: Mutex::default(),
            questions: AtomicUsize::default(),
            rows_read: AtomicUsize::default(),
            begun_writes: AtomicUsize::default(),
            writes: Arc::default(),
            searches: AtomicUsize::default(),
            searches_end: watch::Sender::new(true),
        }
    }

    /// This happens before the next write.
    pub fn before_the_next_write(&self, meanwhile: impl Future<Output = ()> + Send + 'static) {
        self.set(Box::pin(async {
            meanwhile.await;
            Ok(())
        }));
    }

    /// This happens before every write from now on: somebody else is always faster.
    pub fn before_every_write(&self, meanwhile: impl Fn() -> BoxFuture<'static, ()> + Send + Sync + 'static) {
        *self.always.lock().unwrap() = Some(Arc::new(meanwhile));
    }

    /// The next write finds the database away.
    pub fn is_away_for_the_next_write(&self) {
        self.set(Box::pin(async { Err(StoreError::unavailable("for a moment")) }));
    }

    /// Whether what was to happen has happened.
    pub fn has_happened(&self) -> bool {
        self.meanwhile.lock().unwrap().is_none()
    }

    /// How many questions it was asked so far.
    pub fn questions(&self) -> usize {
        self.questions.load(Ordering::SeqCst)
    }

    /// How many rows it answered so far, outside of writes.
    pub fn rows_read(&self) -> usize {
        self.rows_read.load(Ordering::SeqCst)
    }

    /// How many transactions that write were begun so far.
    pub fn begun_writes(&self) -> usize {
        self.begun_writes.load(Ordering::SeqCst)
    }

    /// What writes have taken so far.
    pub fn writes(&self) -> &Writes {
        &self.writes
    }

    /// How many searches it was asked for so far.
    pub fn searches(&self) -> usize {
        self.searches.load(Ordering::SeqCst)
    }

    /// From now on a search takes a connection of those that people read with, and keeps it without an end; or does no
    /// longer, and those that are under way end.
    pub fn searches_end(&self, end: bool) {
        self.searches_end.send_replace(end);
    }

    /// What is to happen before a transaction.
    async fn before(&self, purpose: ConnectionPurpose) -> Result<(), StoreError> {
        if purpose != ConnectionPurpose::Write {
            return Ok(());
        }
        let meanwhile = self.meanwhile.lock().unwrap().take();
        self.begun_writes.fetch_add(1, Ordering::SeqCst);
        self.writes.asked("begin");
        if let Some(meanwhile) = meanwhile {
            meanwhile.await?;
        }
        let always = self.always.lock().unwrap().clone();
        if let Some(always) = always {
            always().await;
        }
        Ok(())
    }

    fn watched(&self, purpose: ConnectionPurpose, transaction: Box<dyn Transaction>) -> Box<dyn Transaction> {
        if purpose != ConnectionPurpose::Write {
            return transaction;
        }
        Box::new(WatchedWrite {
            transaction,
            writes: self.writes.clone(),
            begun: Instant::now(),
        })
    }

    fn set(&self, meanwhile: BoxFuture<'static, Result<(), StoreError>>) {
        *self.meanwhile.lock().unwrap() = Some(meanwhile);
    }
}

#[async_trait]
impl Database for Interrupted {
    fn dialect(&self) -> Dialect {
        self.database.dialect()
    }

    async fn rows(&self, query: Query) -> Result<Vec<Vec<Value>>, StoreError> {
        self.questions.fetch_add(1, Ordering::SeqCst);
        self.writes.asked(&query.sql);
        if query.is_planned_for_its_arguments {
            self.searches.fetch_add(1, Ordering::SeqCst);
            if !*self.searches_end.borrow() {
                let _connection = self.database.begin(ConnectionPurpose::Snapshot).await?;
                let _ = self.searches_end.subscribe().wait_for(|end| *end).await;
            }
        }
        let rows = self.database.rows(query).await?;
        self.rows_read.fetch_add(rows.len(), Ordering::SeqCst);
        Ok(rows)
    }

    async fn gate_rows(&self, query: Query) -> Result<Vec<Vec<Value>>, StoreError> {
        self.questions.fetch_add(1, Ordering::SeqCst);
        self.writes.asked(&query.sql);
        self.database.gate_rows(query).await
    }

    async fn begin(&self, purpose: ConnectionPurpose) -> Result<Box<dyn Transaction>, StoreError> {
        self.before(purpose).await?;
        Ok(self.watched(purpose, self.database.begin(purpose).await?))
    }

    async fn begin_with(
        &self,
        purpose: ConnectionPurpose,
        question: &str,
    ) -> Result<(Box<dyn Transaction>, Vec<Vec<Value>>), StoreError> {
        self.before(purpose).await?;
        let (transaction, rows) = self.database.begin_with(purpose, question).await?;
        Ok((self.watched(purpose, transaction), rows))
    }

    async fn migrate(&self) -> Result<(), StoreError> {
        self.database.migrate().await
    }

    async fn close(&self) {
        self.database.close().await;
    }
}
