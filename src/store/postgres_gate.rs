//! The connection of the gate's questions. It stays leased between them: the pool asks each connection that comes back to it
//! whether it still lives, which costs as much as a question.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::error::StoreError;
use super::postgres_pool::{ConnectionPool, Lease};
use super::postgres_reach::Reach;

/// How long a connection stays leased before the pool looks after it.
const KEPT_MAX: Duration = Duration::from_secs(60);

/// The pool of the gate, and one of its connections that is kept for the next question.
pub struct GateConnections {
    pool: Arc<ConnectionPool>,
    reach: Arc<Reach>,
    kept: Mutex<Option<GateLease>>,
}

/// A connection, and since when it has been leased. If it is dropped without [`GateConnections::keep`], it is closed.
pub struct GateLease {
    pub lease: Lease,
    since: Instant,
}

impl GateConnections {
    pub fn new(pool: Arc<ConnectionPool>, reach: Arc<Reach>) -> Self {
        Self {
            pool,
            reach,
            kept: Mutex::default(),
        }
    }

    /// The connection that is kept, or another one while it is in use or cannot be relied on.
    ///
    /// # Errors
    /// `Unavailable`, and at once while the primary is away.
    pub async fn lease(&self) -> Result<GateLease, StoreError> {
        self.reach.now()?;
        if let Some(kept) = self.take_kept() {
            return Ok(kept);
        }
        Ok(GateLease {
            lease: self.pool.lease().await?,
            since: Instant::now(),
        })
    }

    /// Keeps it for the next question. No work may be in progress on it.
    pub fn keep(&self, mut lease: GateLease) {
        let mut kept = self.kept();
        match &*kept {
            None => *kept = Some(lease),
            Some(_) => lease.lease.mark_healthy(),
        }
    }

    /// Gives the connection back to the pool, which closes only when all have come back.
    pub fn give_back(&self) {
        if let Some(mut kept) = self.kept().take() {
            kept.lease.mark_healthy();
        }
    }

    fn take_kept(&self) -> Option<GateLease> {
        let mut kept = self.kept().take()?;
        let age = kept.since.elapsed();
        if !self.reach.trusts(age) {
            return None;
        }
        if age > KEPT_MAX {
            kept.lease.mark_healthy();
            return None;
        }
        Some(kept)
    }

    fn kept(&self) -> MutexGuard<'_, Option<GateLease>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
