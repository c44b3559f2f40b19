//! The end of the log.

use gatebook_aggregates::timestamp::Timestamp;

/// The end of the log.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub(super) position: i64,
    pub(super) recorded_at: Timestamp,
}

impl Head {
    /// Time never runs backwards in the log, whatever the clocks of several nodes say.
    pub(super) fn at_least(self, now: Timestamp) -> Self {
        Self {
            recorded_at: self.recorded_at.max(now),
            ..self
        }
    }
}
