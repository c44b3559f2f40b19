//! The one-time link with which somebody chooses a password.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::refusal::Refusal;
use crate::timestamp::Timestamp;

/// How long the link to the first password lives; as long as an invitation (R18).
pub const FIRST_LINK_VALID_FOR: TimeDelta = TimeDelta::hours(72);
/// How long the link to a new password lives, which its reader asked for a moment ago.
pub const RESET_LINK_VALID_FOR: TimeDelta = TimeDelta::hours(1);

/// A link that was sent and not used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordLink {
    /// Which link.
    pub link_id: Uuid,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl PasswordLink {
    /// The link to a first password.
    pub fn first(link_id: Uuid, at: Timestamp) -> Self {
        let expires_at = at.plus(FIRST_LINK_VALID_FOR);
        Self { link_id, expires_at }
    }

    /// The link to a new password.
    pub fn reset(link_id: Uuid, at: Timestamp) -> Self {
        let expires_at = at.plus(RESET_LINK_VALID_FOR);
        Self { link_id, expires_at }
    }

    /// Whether this is the link that works.
    ///
    /// # Errors
    /// `PasswordLinkUnknown` when it was used or replaced, `PasswordLinkExpired` when it came too late.
    pub fn require(open: Option<&Self>, link_id: Uuid, now: Timestamp) -> Result<(), Refusal> {
        match open {
            Some(link) if link.link_id == link_id && now < link.expires_at => Ok(()),
            Some(link) if link.link_id == link_id => Err(Refusal::PasswordLinkExpired),
            _ => Err(Refusal::PasswordLinkUnknown),
        }
    }
}
