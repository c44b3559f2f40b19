//! Trying a command again when somebody else changed the same thing at the same moment.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use gatebook_aggregates::identifiers::GroupId;
use gatebook_projections::groups::GroupRow;

use crate::application::caller::Caller;
use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;
use crate::store::StoreError;

/// How often a command is tried when others change the same thing. Six tries outlast a burst of others, and end within
/// a second.
pub(in crate::application) const TRIES: u32 = 6;

/// Which attempt it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::application) enum Attempt {
    First,
    Again,
}

impl Gatebook {
    /// Runs `attempt` until it is not in conflict with others, at most [`TRIES`] times. The first attempt may decide on what
    /// the request was authenticated with; every other reads it anew.
    pub(in crate::application) async fn retry<'a, T>(
        &self,
        attempt: impl Fn(Attempt) -> BoxFuture<'a, Result<T, Failure>> + Send + Sync,
    ) -> Result<T, Failure> {
        for tries in 1..TRIES {
            let number = if tries == 1 { Attempt::First } else { Attempt::Again };
            match attempt(number).await {
                Err(failure) if failure.is_conflict() => self.wait_after_conflict(tries).await,
                result => return result,
            }
        }
        attempt(Attempt::Again).await
    }

    /// A group, for an attempt to decide on: for the first as the caller was authenticated with it, if it is their own.
    pub(super) async fn group_for(
        &self,
        attempt: Attempt,
        caller: &Caller,
        group_id: &GroupId,
    ) -> Result<Option<Arc<GroupRow>>, StoreError> {
        match (attempt, caller.member()) {
            (Attempt::First, Ok(member)) if member.group_id() == group_id => Ok(Some(member.group().clone())),
            _ => Ok(self.group(group_id).await?.map(Arc::new)),
        }
    }

    /// Waits at random, up to 20 ms after the first conflict and up to 320 ms after the fifth, so that those in conflict
    /// do not meet again.
    async fn wait_after_conflict(&self, tries: u32) {
        self.metrics.commands_tried_again.inc();
        let longest = 10_u32 << tries.min(5);
        let millis = u64::from(1 + self.randomness.below(longest));
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }
}
