//! Trying a command again when somebody else changed the same thing at the same moment.

use std::time::Duration;

use futures::future::BoxFuture;

use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;

/// How often a command is tried when others change the same thing. Six tries outlast a burst of others, and end within
/// a second.
pub(in crate::application) const TRIES: u32 = 6;

impl Gatebook {
    /// Runs `attempt` until it is not in conflict with others, at most [`TRIES`] times. Each attempt reads anew what it
    /// decides on.
    pub(in crate::application) async fn retry<'a, T>(
        &self,
        attempt: impl Fn() -> BoxFuture<'a, Result<T, Failure>> + Send + Sync,
    ) -> Result<T, Failure> {
        for tries in 1..TRIES {
            match attempt().await {
                Err(failure) if failure.is_conflict() => self.wait_after_conflict(tries).await,
                result => return result,
            }
        }
        attempt().await
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
