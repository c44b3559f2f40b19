//! A database whose answers wait until they are let go, and that counts its questions.

use std::sync::Mutex;

use async_trait::async_trait;
use futures::future::join_all;
use gatebook_projections::sql::Value;

use super::*;
use crate::store::{ConnectionPurpose, Transaction};

struct SlowDatabase {
    /// The positions that the questions began at.
    asked: Mutex<Vec<i64>>,
    may_answer: Semaphore,
    committed: Mutex<i64>,
}

impl SlowDatabase {
    fn new(may_answer: usize) -> Arc<Self> {
        Arc::new(Self {
            asked: Mutex::default(),
            may_answer: Semaphore::new(may_answer),
            committed: Mutex::new(3),
        })
    }

    fn feed(self: &Arc<Self>) -> Arc<Feed> {
        Arc::new(Feed::start(self.clone(), Arc::default()))
    }

    fn times_asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    async fn was_asked(&self, times: usize) {
        while self.times_asked() < times {
            tokio::task::yield_now().await;
        }
    }
}

#[async_trait]
impl Database for SlowDatabase {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    async fn rows(&self, _: Query) -> Result<Vec<Vec<Value>>, StoreError> {
        unreachable!("the feed asks on the gate's connections")
    }

    /// What it answers is what was committed when it was asked, as a database's snapshot is.
    async fn gate_rows(&self, query: Query) -> Result<Vec<Vec<Value>>, StoreError> {
        let committed = *self.committed.lock().unwrap();
        let [Value::Int(from)] = query.args[..] else {
            unreachable!("the question has one argument")
        };
        self.asked.lock().unwrap().push(from);
        self.may_answer.acquire().await.unwrap().forget();
        let head = Value::json(&(committed, format!("e{committed}"), 1, 1));
        let events = (from.max(1)..=committed).map(|position| {
            let event = (position, format!("e{position}"), "Group", "acme", "EntityAdded");
            vec![Value::from("event"), Value::json(&event)]
        });
        Ok([vec![Value::from("head"), head]].into_iter().chain(events).collect())
    }

    async fn begin(&self, _: ConnectionPurpose) -> Result<Box<dyn Transaction>, StoreError> {
        unreachable!("the feed writes nothing")
    }

    async fn migrate(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn close(&self) {}
}

fn place(position: i64) -> LogPlace {
    format!("{position}.e{position}").parse().unwrap()
}

#[tokio::test]
async fn r26_who_asks_after_a_commit_is_never_answered_by_a_question_from_before() {
    let database = SlowDatabase::new(0);
    let feed = database.feed();
    let (one, two) = (feed.clone(), feed.clone());
    let before = tokio::spawn(async move { one.changes(Some(&place(3))).await });
    database.was_asked(1).await;
    *database.committed.lock().unwrap() = 4;
    let after = tokio::spawn(async move { two.changes(Some(&place(3))).await });
    tokio::task::yield_now().await;
    assert_eq!(database.times_asked(), 1, "one question is under way at a time");
    database.may_answer.add_permits(10);
    assert!(!before.await.unwrap().unwrap().evict_something());
    let after = after.await.unwrap().unwrap();
    assert_eq!((after.to.position, after.groups.len(), after.all), (4, 1, false));
}

#[tokio::test]
async fn who_waits_at_the_same_time_shares_a_question_from_the_earliest_place_on() {
    let database = SlowDatabase::new(0);
    let feed = database.feed();
    let mut busy = Box::pin(feed.changes(None));
    assert!(futures::poll!(&mut busy).is_pending());
    database.was_asked(1).await;
    let places = [place(3), place(1), place(2), "2.other".parse().unwrap()];
    let mut waiting = Box::pin(join_all(places.iter().map(|place| feed.changes(Some(place)))));
    assert!(futures::poll!(&mut waiting).is_pending());
    database.may_answer.add_permits(2);
    let answers: Vec<_> = waiting.await.into_iter().map(Result::unwrap).collect();
    let dropped: Vec<_> = answers.iter().map(|one| (one.groups.len(), one.all)).collect();
    assert_eq!(dropped, [(0, false), (1, false), (1, false), (0, true)]);
    assert!(busy.await.unwrap().all);
    assert_eq!(*database.asked.lock().unwrap(), [i64::MAX, 1]);
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_ever_for_a_database_that_says_nothing() {
    let database = SlowDatabase::new(0);
    let feed = database.feed();
    let answers = join_all((0..2 * QUEUE).map(|_| feed.changes(None))).await;
    let late = |answer: &Result<_, _>| matches!(answer, Err(StoreError::Unavailable(_)));
    assert!(answers.iter().all(late));
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_ask_at_the_same_moments_and_there_are_only_so_many() {
    let feed = SlowDatabase::new(0).feed();
    let (one, other) = (feed.waiting_place().unwrap(), feed.waiting_place().unwrap());
    tokio::time::advance(Duration::from_millis(100)).await;
    let mut first = Box::pin(one.until_next_time());
    assert!(futures::poll!(&mut first).is_pending());
    tokio::time::advance(Duration::from_millis(100)).await;
    other.until_next_time().await;
    first.await;
    assert_eq!(feed.started.elapsed(), AGAIN_AFTER);
    let places: Vec<_> = std::iter::from_fn(|| feed.waiting_place()).collect();
    assert_eq!(places.len(), WAITING_MAX - 2);
    drop(places);
    assert!(feed.waiting_place().is_some());
}
