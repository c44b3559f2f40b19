//! Whether the log holds events that cannot be read, for whoever watches: `/readyz`, `/metrics`, and the log lines.

use crate::application::node::state::LastCount;
use std::time::{Duration, Instant};

use crate::application::gatebook::Gatebook;
use crate::log::unreadable::{self, forget_settled};

/// How long what was found is said again.
const FRESH: Duration = Duration::from_secs(1);
/// How long the database may take; whoever asks does not wait for long either.
const PATIENCE: Duration = Duration::from_millis(200);

impl Gatebook {
    /// How many events of the log cannot be read and close something; as it was last while the database does not say. Reads
    /// what others have appended, and has not been read yet.
    pub async fn unreadable_events(&self) -> i64 {
        let mut seen = self.unreadable_watch.0.lock().await;
        if let Some(seen) = seen.filter(|seen| seen.at.elapsed() < FRESH) {
            return seen.count;
        }
        let before = seen.map_or(0, |seen| seen.count);
        let found = tokio::time::timeout(PATIENCE, unreadable::count(self.database())).await;
        let count = match found {
            Ok(Ok(count)) => count,
            Ok(Err(error)) => {
                tracing::debug!(%error, "cannot determine whether all events are readable");
                before
            }
            Err(_) => before,
        };
        let at = Instant::now();
        *seen = Some(LastCount { at, count });
        count
    }

    /// Opens again what this program can read by now, as one that is newer can, and reads what others have appended.
    pub async fn look_for_unreadable_events(&self) {
        if self.unreadable_events().await == 0 {
            return;
        }
        if let Err(error) = forget_settled(self.database()).await {
            tracing::warn!(%error, "could not reopen what can be read again");
        }
    }
}
