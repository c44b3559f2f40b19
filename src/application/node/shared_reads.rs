//! One question to the database for all who are waiting: what group commit is to writing, this is to reading.
//!
//! Nothing is remembered. A question is put to the database only after everybody who is given its answer has asked, so
//! nobody is answered with less than what was committed when they asked (R26). Under load many share one round trip.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::time::timeout;

use crate::store::StoreError;

/// How long whoever asks waits, in the queue and for the answer: a gateway waits behind it, and behind that its clients.
const PATIENCE: Duration = Duration::from_secs(1);
/// How many callers share a question, at most, so that its statement stays small enough to be planned and answered at once.
const SHARED_BY_MAX: usize = 128;
/// How many questions may wait; callers wait to ask more.
const QUEUE: usize = 4_096;
/// Questions under way at once, so that a slow one does not hold everybody up.
const QUESTIONS_AT_ONCE: usize = 4;

/// What is kept under the keys, as far as there is something. What is kept under one and cannot be read is that one's
/// trouble alone.
pub(in crate::application) type KeyedAnswers<V> = BTreeMap<String, Result<V, StoreError>>;

/// Reads of one kind, by key.
pub(in crate::application) struct SharedReads<V> {
    queue: mpsc::Sender<WaitingReader<V>>,
}

struct WaitingReader<V> {
    key: String,
    answer: oneshot::Sender<Result<Option<V>, StoreError>>,
}

impl<V: Clone + Send + Sync + 'static> SharedReads<V> {
    /// Starts the tasks that `ask` the database about several keys at once. They end with this.
    pub(in crate::application) fn start<Asked>(
        ask: impl Fn(Vec<String>) -> Asked + Clone + Send + Sync + 'static,
    ) -> Self
    where
        Asked: Future<Output = Result<KeyedAnswers<V>, StoreError>> + Send + 'static,
    {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..QUESTIONS_AT_ONCE {
            tokio::spawn(ask_for_all(waiting.clone(), ask.clone()));
        }
        Self { queue }
    }

    /// What is committed under a key, no earlier than now.
    ///
    /// # Errors
    /// When it cannot be read, or not within [`PATIENCE`].
    pub(in crate::application) async fn get(&self, key: String) -> Result<Option<V>, StoreError> {
        let (answer, received) = oneshot::channel();
        let gone = || StoreError::unavailable("nobody reads any more");
        let answered = async {
            self.queue
                .send(WaitingReader { key, answer })
                .await
                .map_err(|_| gone())?;
            received.await.map_err(|_| gone())?
        };
        let late = || StoreError::unavailable("it did not answer in time");
        timeout(PATIENCE, answered).await.unwrap_or_else(|_| Err(late()))
    }
}

async fn ask_for_all<V: Clone, Asked>(
    queue: Arc<Mutex<mpsc::Receiver<WaitingReader<V>>>>,
    ask: impl Fn(Vec<String>) -> Asked,
) where
    Asked: Future<Output = Result<KeyedAnswers<V>, StoreError>>,
{
    let mut waiting = Vec::with_capacity(SHARED_BY_MAX);
    loop {
        if queue.lock().await.recv_many(&mut waiting, SHARED_BY_MAX).await == 0 {
            return;
        }
        // Who has hung up needs no answer.
        waiting.retain(|one| !one.answer.is_closed());
        if waiting.is_empty() {
            continue;
        }
        let mut keys: Vec<_> = waiting.iter().map(|one| one.key.clone()).collect();
        keys.sort_unstable();
        keys.dedup();
        // One question that goes wrong must not end the task: the others of its kind would be asked by fewer and fewer.
        let answers = AssertUnwindSafe(ask(keys)).catch_unwind().await;
        let answers = answers.unwrap_or_else(|_| Err(StoreError::internal("a question went wrong")));
        for WaitingReader { key, answer } in waiting.drain(..) {
            let _ = answer.send(match &answers {
                Ok(answers) => answers.get(&key).cloned().transpose(),
                Err(error) => Err(error.clone()),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex as StdMutex;

    use futures::future::join_all;
    use tokio::sync::Semaphore;

    use super::*;

    /// A database whose answers wait until they are let go, and that notes what it was asked.
    #[derive(Clone)]
    struct SlowDatabase {
        asked: Arc<StdMutex<Vec<Vec<String>>>>,
        may_answer: Arc<Semaphore>,
        committed: Arc<StdMutex<i32>>,
    }

    impl SlowDatabase {
        fn new() -> Self {
            Self {
                asked: Arc::default(),
                may_answer: Arc::new(Semaphore::new(0)),
                committed: Arc::default(),
            }
        }

        fn reads(&self) -> SharedReads<i32> {
            let database = self.clone();
            SharedReads::start(move |keys| database.clone().answer(keys))
        }

        /// What it answers is what was committed when it was asked, as a database's snapshot is.
        async fn answer(self, keys: Vec<String>) -> Result<KeyedAnswers<i32>, StoreError> {
            let committed = *self.committed.lock().unwrap();
            self.asked.lock().unwrap().push(keys.clone());
            self.may_answer.acquire().await.unwrap().forget();
            let answer = |key: String| match key.as_str() {
                "nothing" => None,
                "broken" => Some((key, Err(StoreError::internal("unreadable")))),
                "away" => None,
                _ => Some((key, Ok(committed))),
            };
            if keys.iter().any(|key| key == "away") {
                return Err(StoreError::unavailable("away"));
            }
            Ok(keys.into_iter().filter_map(answer).collect())
        }

        async fn was_asked(&self, times: usize) {
            while self.asked.lock().unwrap().len() < times {
                tokio::task::yield_now().await;
            }
        }
    }

    #[tokio::test]
    async fn r26_who_asks_after_a_commit_is_never_answered_by_a_question_from_before() {
        let database = SlowDatabase::new();
        let reads = Arc::new(database.reads());
        let before = tokio::spawn({
            let reads = reads.clone();
            async move { reads.get("app".to_owned()).await }
        });
        database.was_asked(1).await;
        *database.committed.lock().unwrap() = 7;
        let after = tokio::spawn(async move { reads.get("app".to_owned()).await });
        database.was_asked(2).await;
        database.may_answer.add_permits(2);
        assert_eq!(before.await.unwrap().unwrap(), Some(0));
        assert_eq!(after.await.unwrap().unwrap(), Some(7));
    }

    #[tokio::test]
    async fn who_waits_at_the_same_time_shares_a_question() {
        let database = SlowDatabase::new();
        let reads = database.reads();
        // All questions that may be under way are; whoever comes now waits.
        let mut busy: Vec<_> = (0..QUESTIONS_AT_ONCE)
            .map(|n| Box::pin(reads.get(format!("busy {n}"))))
            .collect();
        for (n, one) in busy.iter_mut().enumerate() {
            assert!(futures::poll!(one).is_pending());
            database.was_asked(n + 1).await;
        }
        let mut waiting = Box::pin(join_all((0..50).map(|n| reads.get(format!("app {}", n % 10)))));
        assert!(futures::poll!(&mut waiting).is_pending());
        database.may_answer.add_permits(QUESTIONS_AT_ONCE + 1);
        let answers = waiting.await;
        assert!(answers.into_iter().all(|answer| answer.unwrap() == Some(0)));
        let asked = database.asked.lock().unwrap().clone();
        assert_eq!(asked.len(), QUESTIONS_AT_ONCE + 1);
        assert_eq!(asked.last().map(Vec::len), Some(10));
    }

    #[tokio::test]
    async fn nobody_waits_for_ever_however_many_wait_for_a_database_that_says_nothing() {
        let database = SlowDatabase::new();
        let reads = database.reads();
        // Much more than is asked at once, and than waits in the queue.
        let answers = join_all((0..2 * QUEUE).map(|n| reads.get(format!("app {n}")))).await;
        let late = |answer: &Result<_, _>| matches!(answer, Err(StoreError::Unavailable(_)));
        assert!(answers.iter().all(late));
        // Who has gone is not asked for.
        database.may_answer.add_permits(100);
        assert!(matches!(reads.get("app".to_owned()).await, Ok(Some(0))));
        assert!(database.asked.lock().unwrap().len() <= QUESTIONS_AT_ONCE + 1);
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_the_trouble_of_one_key_alone() {
        let database = SlowDatabase::new();
        database.may_answer.add_permits(100);
        let reads = database.reads();
        let keys = ["broken", "app", "nothing"].map(|key| reads.get(key.to_owned()));
        let answers = join_all(keys).await;
        assert!(matches!(answers[0], Err(StoreError::Internal(_))));
        assert!(matches!(answers[1], Ok(Some(0))));
        assert!(matches!(answers[2], Ok(None)));
    }

    #[tokio::test]
    async fn a_question_that_goes_wrong_ends_nothing() {
        let reads = SharedReads::start(|keys: Vec<String>| async move {
            assert!(!keys.contains(&"wrong".to_owned()));
            Ok(keys.into_iter().map(|key| (key, Ok(1))).collect())
        });
        for _ in 0..=QUESTIONS_AT_ONCE {
            assert!(reads.get("wrong".to_owned()).await.is_err());
        }
        assert!(matches!(reads.get("app".to_owned()).await, Ok(Some(1))));
    }

    #[tokio::test]
    async fn a_database_that_is_away_is_told_to_everybody_who_asked() {
        let database = SlowDatabase::new();
        database.may_answer.add_permits(100);
        let reads = database.reads();
        assert!(matches!(
            reads.get("away".to_owned()).await,
            Err(StoreError::Unavailable(_))
        ));
        assert!(matches!(reads.get("app".to_owned()).await, Ok(Some(0))));
    }
}
