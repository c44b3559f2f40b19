//! Waiting for something that comes soon, by looking again and again, and never longer than a bound.

use std::time::{Duration, Instant};

/// How long to wait for what takes milliseconds on an idle machine.
const BOUND: Duration = Duration::from_secs(60);
/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// Looks until there is something to see.
pub async fn eventually<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(started.elapsed() < BOUND, "in {BOUND:?} there was no {what}");
        tokio::time::sleep(PAUSE).await;
    }
}
