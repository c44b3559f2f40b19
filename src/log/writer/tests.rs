//! How the writer deals with a database in trouble.

use std::collections::VecDeque;
use std::sync::Mutex;

use async_trait::async_trait;
use futures::future::join_all;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::sql::{Query, Value};
use tempfile::TempDir;
use tokio::sync::Semaphore;

use super::*;
use crate::clock::ManualClock;
use crate::store::{self, ConnectionPurpose, Dialect, Transaction};

/// A database whose transactions begin when they may, and fail in the ways that it is told before one begins at last.
struct Troubled {
    database: Arc<dyn Database>,
    troubles: Mutex<VecDeque<StoreError>>,
    may_begin: Semaphore,
    begun: Mutex<usize>,
    _folder: TempDir,
}

impl Troubled {
    async fn by(troubles: impl IntoIterator<Item = StoreError>) -> Arc<Self> {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("log.db").display());
        let database = store::open(&url).await.unwrap();
        store::migrate(&database).await.unwrap();
        Arc::new(Self {
            database,
            troubles: Mutex::new(troubles.into_iter().collect()),
            may_begin: Semaphore::new(0),
            begun: Mutex::new(0),
            _folder: folder,
        })
    }

    fn writer(self: &Arc<Self>) -> Writer {
        let clock = Clock::Manual(ManualClock::starting_at(
            Timestamp::parse("2026-11-23T09:15:00.000Z").unwrap(),
        ));
        Writer::start(self.clone(), clock, Arc::default()).0
    }

    fn begun(&self) -> usize {
        *self.begun.lock().unwrap()
    }
}

#[async_trait]
impl Database for Troubled {
    fn dialect(&self) -> Dialect {
        self.database.dialect()
    }

    async fn rows(&self, query: Query) -> Result<Vec<Vec<Value>>, StoreError> {
        self.database.rows(query).await
    }

    async fn gate_rows(&self, query: Query) -> Result<Vec<Vec<Value>>, StoreError> {
        self.rows(query).await
    }

    async fn begin(&self, purpose: ConnectionPurpose) -> Result<Box<dyn Transaction>, StoreError> {
        self.may_begin.acquire().await.unwrap().forget();
        *self.begun.lock().unwrap() += 1;
        let trouble = self.troubles.lock().unwrap().pop_front();
        match trouble {
            Some(trouble) => Err(trouble),
            None => self.database.begin(purpose).await,
        }
    }

    async fn migrate(&self) -> Result<(), StoreError> {
        self.database.migrate().await
    }

    async fn close(&self) {
        self.database.close().await;
    }
}

fn away() -> StoreError {
    StoreError::unavailable("it went away")
}

/// Hands all over; then the database may begin so many transactions.
async fn append_all(database: &Troubled, writer: &Writer, appends: usize, transactions: usize) -> usize {
    // All of them in one go, however much that is for tokio.
    let appends = tokio::task::unconstrained(join_all((0..appends).map(|_| writer.append(Append::default()))));
    let (answers, ()) = tokio::join!(appends, async { database.may_begin.add_permits(transactions) });
    for refused in answers.iter().filter_map(|answer| answer.as_ref().err()) {
        assert!(
            matches!(refused, AppendError::Store(error) if error.is_unavailable()),
            "{refused:?}"
        );
    }
    answers.iter().filter(|answer| answer.is_ok()).count()
}

#[tokio::test]
async fn when_the_database_is_away_everybody_who_waits_hears_it_at_once() {
    let database = Troubled::by([away()]).await;
    let writer = database.writer();
    assert_eq!(append_all(&database, &writer, 300, 1).await, 0);
    assert_eq!(database.begun(), 1);
    assert_eq!(append_all(&database, &writer, 1, 1).await, 1, "it is back");
}

#[tokio::test]
async fn when_the_database_goes_away_while_appends_are_written_one_by_one_the_others_hear_it_at_once() {
    let database = Troubled::by([StoreError::internal("somebody's fault"), away()]).await;
    let writer = database.writer();
    assert_eq!(append_all(&database, &writer, 60, 2).await, 0);
    assert_eq!(database.begun(), 2);
}

#[tokio::test]
async fn a_batch_that_the_database_gave_up_for_another_transaction_is_written_once_more() {
    let given_up = || StoreError::GivenUp("deadlock detected".into());
    let database = Troubled::by([given_up(), given_up(), given_up()]).await;
    let writer = database.writer();
    assert_eq!(append_all(&database, &writer, 10, 4).await, 10);
    assert_eq!(database.begun(), 4);
}

#[tokio::test]
async fn a_writer_that_has_ended_is_known_to_be_gone() {
    let database = Troubled::by([]).await;
    let (writer, task) = Writer::start(database.clone(), Clock::System, Arc::default());
    assert!(!writer.is_gone());
    task.end().await.unwrap();
    writer.gone().await;
    assert!(writer.is_gone());
}
