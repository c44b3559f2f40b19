//! How long somebody stays signed in, in the console and in the portal, and how long tokens for the APIs live.

use chrono::TimeDelta;

use crate::refusal::FieldProblem;
use crate::timestamp::Timestamp;

/// How long a session lasts at most.
pub const SESSION_VALID_FOR: TimeDelta = TimeDelta::hours(12);
/// How long a session in a browser lasts when nothing is done in it.
pub const SESSION_IDLE_FOR: TimeDelta = TimeDelta::minutes(30);

/// Whether a session in a browser, used last at `last_used_at`, has been idle for too long.
pub fn is_idle(last_used_at: Timestamp, now: Timestamp) -> bool {
    now >= last_used_at.plus(SESSION_IDLE_FOR)
}

/// How long a token for an API lives unless it is told otherwise, and the longest that it can.
pub const API_TOKEN_VALID_FOR_MAX: TimeDelta = TimeDelta::days(365);

/// When a token for an API ends that is made now.
///
/// # Errors
/// `invalid_expires_at` for an end that has passed, or is more than a year away.
pub fn api_token_end(now: Timestamp, wanted: Option<Timestamp>) -> Result<Timestamp, FieldProblem> {
    let last = now.plus(API_TOKEN_VALID_FOR_MAX);
    match wanted {
        None => Ok(last),
        Some(end) if now < end && end <= last => Ok(end),
        Some(_) => {
            let message = format!("Choose a time in the future, at most a year away: {last} at the latest.");
            Err(FieldProblem::new("expires_at", "invalid_expires_at", message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_for_an_api_ends_after_a_year_at_the_latest() {
        let at = |time: &str| Timestamp::parse(time).unwrap();
        let (now, last) = (at("2026-11-23T09:00:00Z"), at("2027-11-23T09:00:00Z"));
        assert_eq!(api_token_end(now, None), Ok(last));
        for end in ["2026-11-23T09:00:00.001Z", "2027-11-23T09:00:00Z"] {
            assert_eq!(api_token_end(now, Some(at(end))), Ok(at(end)));
        }
        for end in [
            "2026-11-23T09:00:00Z",
            "2027-11-23T09:00:00.001Z",
            "2020-01-01T00:00:00Z",
        ] {
            assert_eq!(
                api_token_end(now, Some(at(end))).unwrap_err().code,
                "invalid_expires_at",
                "{end}"
            );
        }
    }
}
