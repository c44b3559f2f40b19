//! What is decided under the log's lock loses against nobody.

use std::pin::pin;
use std::sync::Arc;

use async_trait::async_trait;
use futures::future::join_all;
use futures::poll;
use gatebook::log::append::{Append, AppendError};
use gatebook::log::hash_chain::NO_PREDECESSOR;
use gatebook::log::{LockedDecision, read};
use gatebook::store::{ConnectionPurpose, StoreError, Transaction};
use gatebook_projections::sql::Query;

use super::noted::{KIND, note, notes};
use crate::support::{World, on_both_databases};

on_both_databases!(what_is_decided_under_the_lock_overtakes_what_waits_and_sees_what_was_decided_before_it);

/// Adds a note to a stream, whatever is in it by then; the first says so, and adds none if there is one already.
struct NoteUnderLock {
    stream: &'static str,
    only_first: bool,
}

#[async_trait]
impl LockedDecision for NoteUnderLock {
    async fn decide(&self, log: &mut dyn Transaction) -> Result<Option<Append>, StoreError> {
        let there = read::newer(log, KIND, self.stream, 0, &[]).await?;
        if self.only_first && !there.is_empty() {
            return Ok(None);
        }
        let hash = there.last().map_or(NO_PREDECESSOR, |last| &last.hash);
        Ok(Some(notes(self.stream, there.len() as i64, hash, 1)))
    }
}

async fn what_is_decided_under_the_lock_overtakes_what_waits_and_sees_what_was_decided_before_it(world: World) {
    let (database, writer) = (world.database(), &world.gatebook.log.writer);
    let mut lock = database.begin(ConnectionPurpose::Write).await.unwrap();
    let head = format!("select position from log_head{}", database.dialect().for_update());
    lock.rows(Query::new(head, [])).await.unwrap();
    // The writer takes this one, and waits for the lock with it.
    let mut first = pin!(writer.append(Append::default()));
    assert!(poll!(&mut first).is_pending());
    while writer.waiting() > 0 {
        tokio::task::yield_now().await;
    }
    // More than go into one transaction wait, all about the same stream.
    let waiting = join_all((0..100).map(|_| writer.append(note("wanted"))));
    let decide = |only_first| {
        let stream = "wanted";
        writer.decide(Arc::new(NoteUnderLock { stream, only_first }))
    };
    let decided = join_all([decide(false), decide(true), decide(false)]);
    let free = async {
        tokio::task::yield_now().await;
        lock.commit().await.unwrap();
    };
    let (first, waiting, decided, ()) = tokio::join!(first, waiting, decided, free);
    first.unwrap();
    let conflicts = waiting.iter().filter(|one| matches!(one, Err(AppendError::Conflict)));
    assert_eq!(conflicts.count(), 100, "all of them have been overtaken");
    let sequences: Vec<Vec<i64>> = decided
        .into_iter()
        .map(|receipt| receipt.unwrap().events.iter().map(|event| event.sequence).collect())
        .collect();
    assert_eq!(sequences, [vec![1], vec![], vec![2]]);
}
