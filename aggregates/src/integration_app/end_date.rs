//! End dates of applications and of client secrets. They are decided when somebody asks: nothing happens at the end, and no
//! event says that it came.

use super::App;
use crate::refusal::Refusal;
use crate::timestamp::Timestamp;

/// Whether something with this end date is over; what has none never is. The end itself is over already.
pub fn has_ended(ends_at: Option<Timestamp>, now: Timestamp) -> bool {
    ends_at.is_some_and(|ends_at| now >= ends_at)
}

/// An end date lies in the future. What else could be done is said behind that.
pub(super) fn require_future(at: Timestamp, ends_at: Option<Timestamp>, or_else: &str) -> Result<(), Refusal> {
    match has_ended(ends_at, at) {
        false => Ok(()),
        true => Err(invalid(format!("Choose an end date in the future, or none.{or_else}"))),
    }
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::field("ends_at", "invalid_ends_at", message)
}

impl App {
    /// What ended opens nothing, so no secrets are made for it.
    pub(super) fn require_not_ended(&self, at: Timestamp) -> Result<(), Refusal> {
        match has_ended(self.ends_at, at) {
            false => Ok(()),
            true => Err(Refusal::AppExpired),
        }
    }

    /// R23: a client secret ends in the future, and not after its application: nobody shall rely on more than there is.
    pub(super) fn require_end_of_secret(&self, at: Timestamp, ends_at: Option<Timestamp>) -> Result<(), Refusal> {
        require_future(at, ends_at, "")?;
        match (ends_at, self.ends_at) {
            (Some(ends_at), Some(end_of_app)) if ends_at > end_of_app => Err(invalid(format!(
                "The application itself ends on {}. Choose an end date no later than that, or none.",
                end_of_app.for_people()
            ))),
            _ => Ok(()),
        }
    }
}
