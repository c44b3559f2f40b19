//! How long somebody stays signed in, in the console and in the portal.

use chrono::TimeDelta;

use crate::timestamp::Timestamp;

/// How long a session lasts at most.
pub const SESSION_VALID_FOR: TimeDelta = TimeDelta::hours(12);
/// How long a session in a browser lasts when nothing is done in it.
pub const SESSION_IDLE_FOR: TimeDelta = TimeDelta::minutes(30);

/// Whether a session in a browser, used last at `last_used_at`, has been idle for too long.
pub fn is_idle(last_used_at: Timestamp, now: Timestamp) -> bool {
    now >= last_used_at.plus(SESSION_IDLE_FOR)
}
