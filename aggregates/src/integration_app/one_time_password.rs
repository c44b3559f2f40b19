//! R14-R17: the one-time password that reaches the developer by another channel than e-mail.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use super::command::{GroupFacts, Principal};
use super::{App, DeveloperLink, IntegrationAppEvent as Event, OtpUnusable, Status};
use crate::identifiers::KeyedDigest;
use crate::refusal::Refusal;
use crate::timestamp::Timestamp;

/// R14: the length of an OTP.
pub const OTP_CHARS: usize = 8;
/// R14: Crockford's 32 characters: no I, L, O, which look like digits, and no U.
pub const OTP_ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// R14: an OTP is valid for 3 days: while `now < issued_at + 72 h`.
pub const OTP_VALID_FOR: TimeDelta = TimeDelta::hours(72);
/// R15: how many wrong tries lock it.
pub const OTP_MAX_TRIES: u32 = 5;

/// An OTP that was handed out and not used yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuedOtp {
    digest: KeyedDigest,
    /// R14: when it ends.
    pub expires_at: Timestamp,
    /// R15: wrong tries that are left.
    pub attempts_left: u32,
    /// R28: why it was refused so far, each recorded once.
    pub(super) refusals_recorded: BTreeSet<OtpUnusable>,
}

/// R14: the character of an OTP that a typed one stands for, without regard to case or the look-alikes I, L (for 1) and O
/// (for 0). None when it stands for none.
pub fn otp_character(typed: char) -> Option<char> {
    let meant = match typed.to_ascii_uppercase() {
        'I' | 'L' => '1',
        'O' => '0',
        other => other,
    };
    let known = OTP_ALPHABET.iter().any(|c| char::from(*c) == meant);
    known.then_some(meant)
}

/// R14, R15: whether an OTP can still be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum OtpState {
    /// It can.
    Valid,
    /// Its three days are over.
    Expired,
    /// There were five wrong tries.
    Locked,
}

/// R14, R15: the state of an OTP with this end and so many tries left. One that is locked and expired is called locked.
pub fn otp_state(expires_at: Timestamp, attempts_left: impl Into<i64>, now: Timestamp) -> OtpState {
    if attempts_left.into() <= 0 {
        OtpState::Locked
    } else if now >= expires_at {
        OtpState::Expired
    } else {
        OtpState::Valid
    }
}

impl IssuedOtp {
    pub(super) fn issued(digest: KeyedDigest, expires_at: Timestamp) -> Self {
        Self {
            digest,
            expires_at,
            attempts_left: OTP_MAX_TRIES,
            refusals_recorded: BTreeSet::new(),
        }
    }

    /// Why it opens nothing any more; none while it does.
    fn dead(&self, now: Timestamp) -> Option<OtpUnusable> {
        match otp_state(self.expires_at, self.attempts_left, now) {
            OtpState::Valid => None,
            OtpState::Expired => Some(OtpUnusable::Expired),
            OtpState::Locked => Some(OtpUnusable::Locked),
        }
    }

    pub(super) fn mistyped(&mut self, attempts_left: u32) {
        self.attempts_left = attempts_left;
    }

    pub(super) fn tried_when_unusable(&mut self, because: OtpUnusable) {
        self.refusals_recorded.insert(because);
    }
}

impl OtpUnusable {
    /// What somebody who enters such an OTP is told.
    pub fn refusal(self) -> Refusal {
        match self {
            Self::Expired => Refusal::OtpExpired,
            Self::Locked => Refusal::OtpLocked,
            Self::AppSuspended => Refusal::AppSuspended,
            Self::AppRevoked => Refusal::AppRevoked,
            Self::GroupOffPlan => Refusal::PlanRequired,
        }
    }
}

/// R14: the OTP that this event issued: its digest, and when it ends.
pub fn issued_otp(event: &Event) -> Option<(&KeyedDigest, Timestamp)> {
    match event {
        Event::DeveloperInvited {
            otp_digest,
            otp_expires_at,
            ..
        }
        | Event::DeveloperRegistered {
            otp_digest,
            otp_expires_at,
            ..
        }
        | Event::OneTimePasswordReset {
            otp_digest,
            otp_expires_at,
            ..
        } => Some((otp_digest, *otp_expires_at)),
        _ => None,
    }
}

impl App {
    /// R14-R16: whether this OTP is the one that opens the application, or would if it were running.
    pub fn has_open_otp(&self, digest: &KeyedDigest, now: Timestamp) -> bool {
        let otp = self.developer.one_time_password();
        let open = otp.is_some_and(|otp| otp.digest == *digest && otp.dead(now).is_none());
        open && self.status != Status::Revoked
    }

    /// R17: Verify, for the linked developer alone. A wrong try is a fact too, and so is one that opens nothing (R28): once
    /// for each OTP and each cause, so that nobody can flood the log.
    pub(super) fn verify_one_time_password(
        &self,
        at: Timestamp,
        by: &Principal,
        group: &GroupFacts,
        presented: Option<KeyedDigest>,
    ) -> Result<Vec<Event>, Refusal> {
        let Principal::Developer { id, email } = by else {
            return Err(Refusal::NotFound);
        };
        if self.developer.email() != Some(email) {
            return Err(Refusal::NotFound);
        }
        let Some(otp) = self.developer.one_time_password() else {
            return Err(Refusal::AlreadyVerified);
        };
        match self.otp_barred(group).or_else(|| otp.dead(at)) {
            Some(because) if otp.refusals_recorded.contains(&because) => Err(because.refusal()),
            Some(because) => Ok(vec![Event::UnusableOneTimePasswordTried { because }]),
            None if presented.as_ref() == Some(&otp.digest) => Ok(vec![Event::DeveloperVerified { developer_id: *id }]),
            None => Ok(vec![Event::OneTimePasswordMistyped {
                attempts_left: otp.attempts_left - 1,
            }]),
        }
    }

    /// R1, R27: why no OTP of this application opens anything at the moment.
    fn otp_barred(&self, group: &GroupFacts) -> Option<OtpUnusable> {
        if !group.product_plan.has_integration_apps() {
            return Some(OtpUnusable::GroupOffPlan);
        }
        match self.status {
            Status::Active => None,
            Status::Suspended => Some(OtpUnusable::AppSuspended),
            Status::Revoked => Some(OtpUnusable::AppRevoked),
        }
    }

    /// R16: Reset OTP. The old one is dead at once.
    pub(super) fn reset_one_time_password(
        &self,
        at: Timestamp,
        by: &Principal,
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
                    email: email.clone().into(),
                    otp_digest,
                    otp_expires_at: at.plus(OTP_VALID_FOR),
                }])
            }
        }
    }
}
