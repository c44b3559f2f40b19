//! Counts the connections of a pool and the tasks that wait for one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sqlx::{Database, Pool};

/// How busy a connection pool is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolState {
    pub name: &'static str,
    /// Connections that are working.
    pub in_use: usize,
    /// Connections that are open and free.
    pub idle: usize,
    pub max: usize,
    /// Tasks that are waiting for a connection.
    pub waiting: usize,
}

impl PoolState {
    pub(super) fn of<D: Database>(name: &'static str, pool: &Pool<D>, waiting: &WaitingCallers) -> Self {
        let (open, idle) = (pool.size() as usize, pool.num_idle());
        Self {
            name,
            in_use: open.saturating_sub(idle),
            idle,
            max: pool.options().get_max_connections() as usize,
            waiting: waiting.count(),
        }
    }
}

/// Counts waiting tasks, which sqlx does not report. Cloning is cheap.
#[derive(Clone, Default)]
pub(super) struct WaitingCallers(Arc<AtomicUsize>);

impl WaitingCallers {
    /// Awaits the future and counts the caller as waiting meanwhile.
    pub(super) async fn wait_for<T>(&self, what: impl Future<Output = T>) -> T {
        self.0.fetch_add(1, Ordering::Relaxed);
        let _one_less = OneLess(&self.0);
        what.await
    }

    fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// Decrements on drop, because a waiting caller may also give up.
struct OneLess<'a>(&'a AtomicUsize);

impl Drop for OneLess<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[test]
    fn who_gives_up_waits_no_more() {
        let waiting = WaitingCallers::default();
        let mut one = Box::pin(waiting.wait_for(std::future::pending::<()>()));
        assert_eq!(one.as_mut().now_or_never(), None);
        assert_eq!(waiting.count(), 1);
        drop(one);
        assert_eq!(waiting.count(), 0);
        assert_eq!(waiting.wait_for(async { 7 }).now_or_never(), Some(7));
        assert_eq!(waiting.count(), 0);
    }
}
