//! Checks, commits and answers in very many orders, with a memory that holds little: nothing stale is ever read, and every check
//! ends. Which task runs next is drawn; `tests/gate-model` visits every state of the protocol, and this runs the code itself.

use super::*;

const SCHEDULES: u64 = 2_000;
const READERS: usize = 4;
const READS: usize = 4;
const COMMITS: usize = 4;
/// Enough for two of the gateways that are asked for.
const LITTLE: u64 = 900;

/// Draws the same for the same schedule.
#[derive(Clone)]
struct Draws(Arc<Mutex<u64>>);

impl Draws {
    fn below(&self, limit: u64) -> u64 {
        let mut state = self.0.lock().unwrap();
        // Knuth's multiplier and increment, MMIX.
        *state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (*state >> 33) % limit
    }

    /// Lets others run a drawn number of times.
    async fn pause(&self) {
        for _ in 0..self.below(4) {
            task::yield_now().await;
        }
    }
}

/// Answers as of a drawn moment between question and answer.
struct DrawnDatabase {
    committed: Arc<Mutex<i64>>,
    draws: Draws,
}

#[async_trait]
impl Database for DrawnDatabase {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    async fn rows(&self, _: Query) -> Result<Vec<Vec<Value>>, StoreError> {
        unreachable!("the gate asks on connections of its own")
    }

    async fn gate_rows(&self, query: Query) -> Result<Vec<Vec<Value>>, StoreError> {
        self.draws.pause().await;
        let committed = *self.committed.lock().unwrap();
        self.draws.pause().await;
        let (since, ids) = asked(&query);
        Ok(SlowDatabase::rows(committed, since.min(committed), &ids))
    }

    async fn begin(&self, _: ConnectionPurpose) -> Result<Box<dyn Transaction>, StoreError> {
        unreachable!("the gate writes nothing")
    }

    async fn migrate(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn close(&self) {}
}

#[tokio::test]
async fn r26_in_whatever_order_tasks_run_nothing_stale_is_read_and_every_check_ends() {
    let (mut remembered, mut read_anew) = (0, 0);
    for schedule in 0..SCHEDULES {
        let draws = Draws(Arc::new(Mutex::new(schedule)));
        let committed = Arc::new(Mutex::new(1));
        let metrics = Arc::new(Metrics::default());
        let database = Arc::new(DrawnDatabase {
            committed: committed.clone(),
            draws: draws.clone(),
        });
        let questions = Arc::new(Questions::start(database, LITTLE, metrics.clone()));
        let commits = tokio::spawn({
            let (committed, draws) = (committed.clone(), draws.clone());
            async move {
                for _ in 0..COMMITS {
                    draws.pause().await;
                    *committed.lock().unwrap() += 1;
                }
            }
        });
        let readers = (0..READERS).map(|_| {
            let (committed, draws, questions) = (committed.clone(), draws.clone(), questions.clone());
            tokio::spawn(async move {
                for _ in 0..READS {
                    draws.pause().await;
                    let id = format!("gateway {}", draws.below(3));
                    let before = *committed.lock().unwrap();
                    let found = read(&questions, &id).await.unwrap().unwrap();
                    let after = *committed.lock().unwrap();
                    assert!((before..=after).contains(&found), "{found} in schedule {schedule}");
                }
            })
        });
        for reader in join_all(readers.collect::<Vec<_>>()).await {
            reader.unwrap();
        }
        commits.await.unwrap();
        remembered += metrics.gate_facts_remembered.get();
        read_anew += metrics.gate_facts_read.get();
    }
    // Both ways were gone very often.
    assert!(
        remembered > SCHEDULES && read_anew > SCHEDULES,
        "{remembered}, {read_anew}"
    );
}
