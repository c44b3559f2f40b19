//! R14-R17: the one-time password that reaches the developer by another channel than e-mail.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::command::{Asker, GroupFacts};
use super::{App, DeadBecause, DeveloperLink, IntegrationAppEvent as Event, Status};
use crate::identifiers::KeyedDigest;
use crate::refusal::Refusal;
use crate::timestamp::Timestamp;

/// R14: an OTP is valid for 3 days: while `now < issued_at + 72 h`.
pub const OTP_VALID_FOR: TimeDelta = TimeDelta::hours(72);
/// R15: so many wrong tries lock it.
pub const OTP_MAX_TRIES: u32 = 5;

/// An OTP that was handed out and not used yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OneTimePassword {
    digest: KeyedDigest,
    /// R14: when it ends.
    pub expires_at: Timestamp,
    /// R15: wrong tries that are left.
    pub attempts_left: u32,
    dead_try_recorded: bool,
}

impl OneTimePassword {
    pub(super) fn issued(digest: KeyedDigest, expires_at: Timestamp) -> Self {
        Self {
            digest,
            expires_at,
            attempts_left: OTP_MAX_TRIES,
            dead_try_recorded: false,
        }
    }

    fn dead(&self, now: Timestamp) -> Option<DeadBecause> {
        dead_otp(self.attempts_left, self.expires_at, now)
    }

    pub(super) fn mistyped(&mut self, attempts_left: u32) {
        self.attempts_left = attempts_left;
    }

    pub(super) fn tried_when_dead(&mut self) {
        self.dead_try_recorded = true;
    }
}

impl App {
    /// R17: Verify, for the linked developer alone. A wrong try is a fact too.
    pub(super) fn verify_one_time_password(
        &self,
        at: Timestamp,
        by: &Asker,
        group: &GroupFacts,
        presented: Option<KeyedDigest>,
    ) -> Result<Vec<Event>, Refusal> {
        let Asker::Developer { id, email } = by else {
            return Err(Refusal::NotFound);
        };
        if self.developer.email() != Some(email) {
            return Err(Refusal::NotFound);
        }
        group.product_plan.require_integration_apps()?;
        self.require_not_revoked()?;
        if self.status == Status::Suspended {
            return Err(Refusal::AppSuspended);
        }
        let Some(otp) = self.developer.one_time_password() else {
            return Err(Refusal::AlreadyVerified);
        };
        match otp.dead(at) {
            Some(because) if otp.dead_try_recorded => Err(refused(because)),
            Some(because) => Ok(vec![Event::DeadOneTimePasswordTried { because }]),
            None if presented.as_ref() == Some(&otp.digest) => Ok(vec![Event::DeveloperVerified { developer_id: *id }]),
            None => Ok(vec![Event::OneTimePasswordMistyped {
                attempts_left: otp.attempts_left - 1,
            }]),
        }
    }

    /// R16: Reset OTP. The old one is dead at once.
    pub(super) fn reset_one_time_password(
        &self,
        at: Timestamp,
        by: &Asker,
        group: &GroupFacts,
        otp_digest: KeyedDigest,
    ) -> Result<Vec<Event>, Refusal> {
        self.require_manager(by, group)?;
        self.require_not_revoked()?;
        match &self.developer {
            DeveloperLink::None => Err(Refusal::NoDeveloperLinked),
            DeveloperLink::Verified { .. } => Err(Refusal::AlreadyVerified),
            DeveloperLink::Invited { email, .. } | DeveloperLink::Assigned { email, .. } => {
                Ok(vec![Event::OneTimePasswordReset {
                    email: email.clone(),
                    otp_digest,
                    otp_expires_at: at.plus(OTP_VALID_FOR),
                }])
            }
        }
    }
}

/// R14, R15: why an OTP opens nothing any more; none while it does. Locked comes before expired.
pub fn dead_otp(attempts_left: u32, expires_at: Timestamp, now: Timestamp) -> Option<DeadBecause> {
    if attempts_left == 0 {
        return Some(DeadBecause::Locked);
    }
    (now >= expires_at).then_some(DeadBecause::Expired)
}

fn refused(because: DeadBecause) -> Refusal {
    match because {
        DeadBecause::Expired => Refusal::OtpExpired,
        DeadBecause::Locked => Refusal::OtpLocked,
    }
}
