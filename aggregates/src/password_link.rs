//! The one-time links with which somebody chooses a password.

use crate::identifiers::PasswordLinkId;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::refusal::Refusal;
use crate::timestamp::Timestamp;

/// How long the link to the first password lives; as long as an invitation (R18).
pub const FIRST_LINK_VALID_FOR: TimeDelta = TimeDelta::hours(72);
/// How long the link to a new password lives, which its reader asked for a moment ago.
pub const RESET_LINK_VALID_FOR: TimeDelta = TimeDelta::hours(1);
/// How many links to a new password are open at once, which limits the e-mails of an hour: anybody who knows an address
/// can ask for them.
pub const RESET_LINKS_MAX: usize = 3;

/// A link that was sent and not used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordLink {
    /// Which link.
    pub link_id: PasswordLinkId,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl PasswordLink {
    /// The link to a first password.
    pub fn first(link_id: PasswordLinkId, at: Timestamp) -> Self {
        let expires_at = at.plus(FIRST_LINK_VALID_FOR);
        Self { link_id, expires_at }
    }

    /// The link to a new password.
    pub fn reset(link_id: PasswordLinkId, at: Timestamp) -> Self {
        let expires_at = at.plus(RESET_LINK_VALID_FOR);
        Self { link_id, expires_at }
    }
}

/// The links of an account that were sent and not used.
///
/// Asking for a new password is open to anybody, so it ends no link that was sent before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordLinks {
    first: Option<PasswordLink>,
    resets: Vec<PasswordLink>,
}

impl PasswordLinks {
    /// The link to a first password was sent by somebody who is trusted to: it replaces every other.
    pub fn first_sent(&mut self, link: PasswordLink) {
        self.first = Some(link);
        self.resets.clear();
    }

    /// The link to a new password was sent.
    pub fn reset_sent(&mut self, link: PasswordLink) {
        let sent_at = link.expires_at.plus(-RESET_LINK_VALID_FOR);
        self.resets.retain(|earlier| sent_at < earlier.expires_at);
        self.resets.push(link);
    }

    /// A password was chosen, which ends all links.
    pub fn used(&mut self) {
        *self = Self::default();
    }

    /// Whether another link to a new password may be sent now.
    pub fn allow_reset(&self, now: Timestamp) -> bool {
        let open = self.resets.iter().filter(|link| now < link.expires_at);
        open.count() < RESET_LINKS_MAX
    }

    /// Whether this is a link that works.
    ///
    /// # Errors
    /// `PasswordLinkUnknown` when it was used or replaced, `PasswordLinkExpired` when it came too late.
    pub fn require(&self, link_id: PasswordLinkId, now: Timestamp) -> Result<(), Refusal> {
        match self
            .first
            .iter()
            .chain(&self.resets)
            .find(|link| link.link_id == link_id)
        {
            Some(link) if now < link.expires_at => Ok(()),
            Some(_) => Err(Refusal::PasswordLinkExpired),
            None => Err(Refusal::PasswordLinkUnknown),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const FIRST: PasswordLinkId = PasswordLinkId::from_uuid(Uuid::from_u128(1));

    fn at(time: &str) -> Timestamp {
        Timestamp::parse(&format!("2026-11-23T{time}Z")).unwrap()
    }

    fn asked(links: &mut PasswordLinks, number: u128, time: &str) -> bool {
        let allowed = links.allow_reset(at(time));
        if allowed {
            links.reset_sent(PasswordLink::reset(Uuid::from_u128(number).into(), at(time)));
        }
        allowed
    }

    #[test]
    fn three_links_to_a_new_password_are_open_at_once_and_all_work() {
        let mut links = PasswordLinks::default();
        for (number, time) in [(10, "09:00:00"), (11, "09:20:00"), (12, "09:40:00")] {
            assert!(asked(&mut links, number, time));
        }
        assert!(!asked(&mut links, 13, "09:59:59.999"));
        for number in 10..13 {
            assert_eq!(
                links.require(Uuid::from_u128(number).into(), at("09:59:59.999")),
                Ok(())
            );
        }
        assert!(asked(&mut links, 14, "10:00:00"));
        assert!(!asked(&mut links, 15, "10:00:00"));
        assert_eq!(
            links.require(Uuid::from_u128(10).into(), at("10:00:00")),
            Err(Refusal::PasswordLinkUnknown)
        );
        assert_eq!(links.require(Uuid::from_u128(11).into(), at("10:00:00")), Ok(()));
    }

    #[test]
    fn whoever_asks_for_a_new_password_ends_no_first_link() {
        let mut links = PasswordLinks::default();
        links.first_sent(PasswordLink::first(FIRST, at("09:00:00")));
        for number in 10..20 {
            asked(&mut links, number, "09:30:00");
        }
        assert_eq!(links.require(FIRST, at("10:00:00")), Ok(()));
        assert_eq!(links.require(Uuid::from_u128(10).into(), at("10:00:00")), Ok(()));
        assert_eq!(
            links.require(Uuid::from_u128(10).into(), at("10:30:00")),
            Err(Refusal::PasswordLinkExpired)
        );
    }

    #[test]
    fn a_new_first_link_and_a_chosen_password_end_all_others() {
        let unknown = Err(Refusal::PasswordLinkUnknown);
        let mut links = PasswordLinks::default();
        asked(&mut links, 10, "09:00:00");
        links.first_sent(PasswordLink::first(FIRST, at("09:00:00")));
        assert_eq!(links.require(Uuid::from_u128(10).into(), at("09:00:00")), unknown);
        asked(&mut links, 11, "09:00:00");
        links.used();
        assert_eq!(links.require(FIRST, at("09:00:00")), unknown);
        assert_eq!(links.require(Uuid::from_u128(11).into(), at("09:00:00")), unknown);
    }
}
