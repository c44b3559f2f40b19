//! A database whose answers wait until they are let go, and that notes what it was asked.

mod schedules;

use std::sync::Mutex;

use async_trait::async_trait;
use futures::future::join_all;
use gatebook_projections::sql::{Query, Value};
use tokio::sync::Semaphore;
use tokio::task;

use super::super::facts::ResourceServer;
use super::*;
use crate::store::{ConnectionPurpose, Dialect, Transaction};

/// How much memory nodes have in these tests.
const MEMORY: u64 = 1_024 * 1_024;

struct SlowDatabase {
    asked: Mutex<Vec<Vec<String>>>,
    may_answer: Semaphore,
    /// What has been committed: as many events, and as many times the resource server has been given another secret.
    committed: Mutex<i64>,
    is_away: Mutex<bool>,
}

impl SlowDatabase {
    fn new(may_answer: usize) -> Arc<Self> {
        Arc::new(Self {
            asked: Mutex::default(),
            may_answer: Semaphore::new(may_answer),
            committed: Mutex::default(),
            is_away: Mutex::default(),
        })
    }

    fn questions(self: &Arc<Self>, memory: u64) -> Arc<Questions> {
        Arc::new(Questions::start(self.clone(), memory, Arc::default()))
    }

    fn commit(&self) {
        *self.committed.lock().unwrap() += 1;
    }

    fn times_asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    async fn was_asked(&self, times: usize) {
        while self.times_asked() < times {
            task::yield_now().await;
        }
    }

    fn rows(committed: i64, since: i64, ids: &[String]) -> Vec<Vec<Value>> {
        let event_id = |position: i64| (1..=committed).contains(&position).then(|| format!("event {position}"));
        let head = (committed, event_id(committed), 1, 1, event_id(since), None::<&str>);
        let mut rows = vec![vec!["head".into(), Value::json(&head)]];
        let ended = Value::json(&["System", "system", "ResourceServerEnded"]);
        rows.extend((since..committed).map(|_| vec!["event".into(), ended.clone()]));
        for id in ids {
            let created_at = "2026-11-23T09:15:00.000Z";
            let fields = match id.as_str() {
                "nothing" => continue,
                "broken" => Value::json(&(id, "", "n", "digest", "yesterday", None::<&str>)),
                _ => Value::json(&(id, "", "n", committed.to_string(), created_at, None::<&str>)),
            };
            rows.push(vec!["resource_server".into(), fields]);
        }
        rows
    }
}

#[async_trait]
impl Database for SlowDatabase {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    async fn rows(&self, _: Query) -> Result<Vec<Vec<Value>>, StoreError> {
        unreachable!("the gate asks on connections of its own")
    }

    /// What it answers is what was committed when it was asked, as a database's snapshot is.
    async fn gate_rows(&self, query: Query) -> Result<Vec<Vec<Value>>, StoreError> {
        let committed = *self.committed.lock().unwrap();
        let (since, ids) = asked(&query);
        self.asked.lock().unwrap().push(ids.clone());
        self.may_answer.acquire().await.unwrap().forget();
        if *self.is_away.lock().unwrap() {
            return Err(StoreError::unavailable("away"));
        }
        assert!(!ids.contains(&"wrong".to_owned()));
        Ok(Self::rows(committed, since, &ids))
    }

    async fn begin(&self, _: ConnectionPurpose) -> Result<Box<dyn Transaction>, StoreError> {
        unreachable!("the gate writes nothing")
    }

    async fn migrate(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn close(&self) {}
}

/// Since when, and for which resource servers, a question asks.
fn asked(query: &Query) -> (i64, Vec<String>) {
    let ids = match query.args.last() {
        Some(Value::Text(listed)) => serde_json::from_str(listed).unwrap(),
        _ => Vec::new(),
    };
    let Some(Value::Int(since)) = query.args.first() else {
        unreachable!("the question begins with a position")
    };
    (*since, ids)
}

/// How many events had been committed when the answer was read; none if there is no such resource server.
async fn read(questions: &Questions, id: &str) -> Result<Option<i64>, StoreError> {
    let found = questions.get(&ResourceServer(id.to_owned())).await?;
    Ok(found.map(|credential| credential.digest.parse().unwrap()))
}

#[tokio::test]
async fn r26_who_asks_after_a_commit_is_never_answered_by_a_question_from_before() {
    for memory in [0, MEMORY] {
        let database = SlowDatabase::new(1);
        let questions = database.questions(memory);
        database.commit();
        // Memory has it from now on.
        assert_eq!(read(&questions, "gateway").await.unwrap(), Some(1));
        let (one, two) = (questions.clone(), questions.clone());
        let before = tokio::spawn(async move { read(&one, "gateway").await });
        database.was_asked(2).await;
        database.commit();
        let after = tokio::spawn(async move { read(&two, "gateway").await });
        task::yield_now().await;
        // One question is under way at a time.
        assert_eq!(database.times_asked(), 2);
        // The question from before is answered, and no other: that is nothing for who came later.
        database.may_answer.add_permits(1);
        assert_eq!(before.await.unwrap().unwrap(), Some(1));
        database.was_asked(3).await;
        task::yield_now().await;
        assert!(!after.is_finished());
        // With memory the next question says that it has changed, and another one how.
        database.may_answer.add_permits(2);
        assert_eq!(after.await.unwrap().unwrap(), Some(2));
    }
}

#[tokio::test]
async fn what_memory_has_is_asked_for_again_only_after_an_event_that_changed_it() {
    let database = SlowDatabase::new(100);
    let questions = database.questions(MEMORY);
    database.commit();
    for _ in 0..3 {
        assert_eq!(read(&questions, "gateway").await.unwrap(), Some(1));
    }
    database.commit();
    assert_eq!(read(&questions, "gateway").await.unwrap(), Some(2));
    let asked_for = |ids: &[&str]| {
        let asked = database.asked.lock().unwrap();
        asked.iter().filter(|asked| **asked == ids).count()
    };
    assert_eq!(asked_for(&["gateway"]), 2);
    assert!(
        asked_for(&[]) >= 3,
        "each answer from memory needs a question of its own"
    );
}

#[tokio::test]
async fn who_is_about_to_ask_is_let_in_before_the_question_is_sent() {
    for memory in [0, MEMORY] {
        let database = SlowDatabase::new(100);
        let questions = database.questions(memory);
        database.commit();
        assert_eq!(read(&questions, "gateway").await.unwrap(), Some(1));
        let before = database.times_asked();
        // Each sets the next one going and then asks.
        let (turns, turn): (Vec<_>, Vec<_>) = (0..4).map(|_| oneshot::channel()).unzip();
        let mut turns = turns.into_iter();
        turns.next().unwrap().send(()).unwrap();
        let asking = turn.into_iter().map(|turn| {
            let (questions, next) = (questions.clone(), turns.next());
            tokio::spawn(async move {
                turn.await.unwrap();
                if let Some(next) = next {
                    next.send(()).unwrap();
                }
                read(&questions, "gateway").await
            })
        });
        for read in join_all(asking.collect::<Vec<_>>()).await {
            assert_eq!(read.unwrap().unwrap(), Some(1));
        }
        // Nor is there another one for nobody afterwards.
        for _ in 0..10 {
            task::yield_now().await;
        }
        assert_eq!(database.times_asked() - before, 1, "with {memory} bytes");
    }
}

#[tokio::test]
async fn who_waits_at_the_same_time_shares_a_question() {
    for memory in [0, MEMORY] {
        let database = SlowDatabase::new(0);
        let questions = database.questions(memory);
        let mut busy = Box::pin(read(&questions, "busy"));
        assert!(futures::poll!(&mut busy).is_pending());
        database.was_asked(1).await;
        let ids: Vec<_> = (0..50).map(|n| format!("gateway {}", n % 10)).collect();
        let mut waiting = Box::pin(join_all(ids.iter().map(|id| read(&questions, id))));
        assert!(futures::poll!(&mut waiting).is_pending());
        database.may_answer.add_permits(2);
        assert!(waiting.await.into_iter().all(|answer| answer.unwrap() == Some(0)));
        let asked = database.asked.lock().unwrap().clone();
        assert_eq!(asked.iter().map(Vec::len).collect::<Vec<_>>(), [1, 10]);
    }
}

#[tokio::test]
async fn nobody_waits_for_ever_however_many_wait_for_a_database_that_says_nothing() {
    let database = SlowDatabase::new(1);
    let questions = database.questions(MEMORY);
    assert_eq!(read(&questions, "known").await.unwrap(), Some(0));
    // Much more than is asked for at once, and than waits in the queue.
    let ids: Vec<_> = (0..2 * QUEUE).map(|n| format!("gateway {}", n % 200)).collect();
    let answers = join_all(ids.iter().map(|id| read(&questions, id))).await;
    let late = |answer: &Result<_, _>| matches!(answer, Err(StoreError::Unavailable(_)));
    assert!(answers.iter().all(late));
    assert!(
        late(&read(&questions, "known").await),
        "nothing is answered from memory alone"
    );
    // Who has gone is not asked for.
    database.may_answer.add_permits(1_000);
    assert_eq!(read(&questions, "known").await.unwrap(), Some(0));
    assert!(database.times_asked() <= 10, "{}", database.times_asked());
}

#[tokio::test]
async fn what_cannot_be_read_is_the_trouble_of_one_name_alone() {
    let database = SlowDatabase::new(100);
    let questions = database.questions(MEMORY);
    let answers = join_all(["broken", "gateway", "nothing"].map(|id| read(&questions, id))).await;
    assert!(matches!(answers[0], Err(StoreError::Row(_))), "{:?}", answers[0]);
    assert!(matches!(answers[1], Ok(Some(0))));
    assert!(matches!(answers[2], Ok(None)));
}

#[tokio::test]
async fn a_question_that_goes_wrong_ends_nothing() {
    let database = SlowDatabase::new(100);
    let questions = database.questions(MEMORY);
    for _ in 0..3 {
        assert!(read(&questions, "wrong").await.is_err());
    }
    assert_eq!(read(&questions, "gateway").await.unwrap(), Some(0));
}

#[tokio::test]
async fn r26_a_database_that_is_away_is_told_to_everybody_and_memory_alone_answers_nobody() {
    let database = SlowDatabase::new(1_000);
    let questions = database.questions(MEMORY);
    assert_eq!(read(&questions, "known").await.unwrap(), Some(0));
    *database.is_away.lock().unwrap() = true;
    for id in ["known", "unknown"] {
        assert!(matches!(read(&questions, id).await, Err(StoreError::Unavailable(_))));
    }
    database.commit();
    *database.is_away.lock().unwrap() = false;
    assert_eq!(read(&questions, "known").await.unwrap(), Some(1));
}
