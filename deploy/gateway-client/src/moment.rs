//! A moment, and how long ago it was.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// A moment by two clocks. One never goes back, but may stand still with the machine; the other goes on, but may be set.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    steady: Instant,
    wall: SystemTime,
}

impl Moment {
    /// This moment.
    #[expect(
        clippy::disallowed_methods,
        reason = "the other clock, which tests can move, may stand still with the machine"
    )]
    pub fn now() -> Self {
        Self {
            steady: Instant::now(),
            wall: SystemTime::now(),
        }
    }

    /// How long ago it was, by the clock that says longer.
    pub fn elapsed(&self) -> Duration {
        let by_wall = self.wall.elapsed().unwrap_or_default();
        self.steady.elapsed().max(by_wall)
    }
}
