//! Commands about the same thing take turns within a process, so that they rarely collide at the writer.

use std::hash::{DefaultHasher, Hash, Hasher};

use tokio::sync::{Mutex, MutexGuard};

/// So many things can have a turn at the same time.
const LANES: usize = 4_096;

/// The turns. Between processes the log's versions decide; these only save the work of trying again.
pub struct Turns {
    lanes: Vec<Mutex<()>>,
}

impl Default for Turns {
    fn default() -> Self {
        Self {
            lanes: (0..LANES).map(|_| Mutex::new(())).collect(),
        }
    }
}

impl Turns {
    /// Waits for the turn of this stream; it ends with the guard.
    pub async fn take(&self, aggregate_id: &str) -> Option<MutexGuard<'_, ()>> {
        let mut hasher = DefaultHasher::new();
        aggregate_id.hash(&mut hasher);
        let lane = usize::try_from(hasher.finish() % LANES as u64).unwrap_or_default();
        match self.lanes.get(lane) {
            Some(lane) => Some(lane.lock().await),
            None => None,
        }
    }
}
