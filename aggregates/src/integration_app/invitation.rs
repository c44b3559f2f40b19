//! R18, R19: the invitation link and the verification code that lead to a portal account.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::command::GroupFacts;
use super::{App, DeveloperLink, IntegrationAppEvent as Event};
use crate::email_address::EmailAddress;
use crate::identifiers::{DeveloperId, KeyedDigest};
use crate::refusal::{FieldProblem, Refusal};
use crate::timestamp::Timestamp;
use crate::typed::typed_characters;

/// R18: an invitation is valid for 3 days.
pub const INVITATION_VALID_FOR: TimeDelta = TimeDelta::hours(72);
/// R19: a verification code is valid for 10 minutes.
pub const CODE_VALID_FOR: TimeDelta = TimeDelta::minutes(10);
/// R19: how many wrong tries end a verification code.
pub const CODE_MAX_TRIES: u32 = 5;
/// How many codes are mailed within [`CODE_VALID_FOR`], so that nobody can flood a mailbox with a link.
pub const CODES_PER_WINDOW: usize = 5;

/// A single-use link that was mailed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    digest: KeyedDigest,
    /// R18: when it ends.
    pub expires_at: Timestamp,
    /// R19: the code that was mailed last.
    pub code: Option<IssuedCode>,
    codes_sent_at: Vec<Timestamp>,
}

/// A six-digit code that was mailed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuedCode {
    digest: KeyedDigest,
    expires_at: Timestamp,
    attempts_left: u32,
}

impl Invitation {
    pub(super) fn sent(digest: KeyedDigest, expires_at: Timestamp) -> Self {
        Self {
            digest,
            expires_at,
            code: None,
            codes_sent_at: Vec::new(),
        }
    }

    pub(super) fn code_sent(&mut self, digest: KeyedDigest, sent_at: Timestamp, expires_at: Timestamp) {
        self.code = Some(IssuedCode {
            digest,
            expires_at,
            attempts_left: CODE_MAX_TRIES,
        });
        self.codes_sent_at
            .retain(|earlier| earlier.plus(CODE_VALID_FOR) > sent_at);
        self.codes_sent_at.push(sent_at);
    }

    pub(super) fn code_mistyped(&mut self, attempts_left: u32) {
        if let Some(code) = &mut self.code {
            code.attempts_left = attempts_left;
        }
    }

    fn require_code_allowed(&self, at: Timestamp) -> Result<(), Refusal> {
        let recent: Vec<_> = self
            .codes_sent_at
            .iter()
            .filter(|sent| sent.plus(CODE_VALID_FOR) > at)
            .collect();
        match recent.first() {
            Some(oldest) if recent.len() >= CODES_PER_WINDOW => {
                let retry_at = oldest.plus(CODE_VALID_FOR);
                let retry_after_seconds = at.seconds_until(retry_at);
                Err(Refusal::TooManyCodes {
                    retry_at,
                    retry_after_seconds,
                })
            }
            _ => Ok(()),
        }
    }

    /// R19: the code that can still be entered.
    fn live_code(&self, at: Timestamp) -> Result<&IssuedCode, Refusal> {
        self.code
            .as_ref()
            .filter(|code| at < code.expires_at && code.attempts_left > 0)
            .ok_or(Refusal::CodeExpired)
    }
}

impl App {
    /// R18: the invited address and the invitation behind a link, while it is valid.
    pub fn invitation(&self, at: Timestamp, presented: &KeyedDigest) -> Result<(&EmailAddress, &Invitation), Refusal> {
        let DeveloperLink::Invited { email, invitation, .. } = &self.developer else {
            return Err(Refusal::InviteUnknown);
        };
        if invitation.digest != *presented || self.require_not_revoked().is_err() {
            return Err(Refusal::InviteUnknown);
        }
        if at >= invitation.expires_at {
            return Err(Refusal::InviteExpired);
        }
        Ok((email, invitation))
    }

    /// R19: whether signing up with link and code would succeed now, as far as they go: for whoever has to prepare
    /// something costly only then.
    pub fn is_right_code(&self, at: Timestamp, presented: &KeyedDigest, code: &KeyedDigest) -> bool {
        let invitation = self.invitation(at, presented).map(|(_, invitation)| invitation);
        let live = invitation.and_then(|invitation| invitation.live_code(at));
        live.is_ok_and(|live| live.digest == *code)
    }

    /// R19: Send verification code. A newer code replaces the older one.
    pub(super) fn send_verification_code(
        &self,
        at: Timestamp,
        group: &GroupFacts,
        presented: &KeyedDigest,
        code_digest: KeyedDigest,
    ) -> Result<Vec<Event>, Refusal> {
        let (_, invitation) = self.invitation(at, presented)?;
        group.product_plan.require_integration_apps()?;
        invitation.require_code_allowed(at)?;
        let expires_at = at.plus(CODE_VALID_FOR);
        Ok(vec![Event::VerificationCodeSent {
            code_digest,
            sent_at: at,
            expires_at,
        }])
    }

    /// R19: signing up with link and code. A wrong code is a fact too.
    pub(super) fn accept_invitation(
        &self,
        at: Timestamp,
        group: &GroupFacts,
        presented: &KeyedDigest,
        code: &KeyedDigest,
        developer_id: DeveloperId,
    ) -> Result<Vec<Event>, Refusal> {
        let (_, invitation) = self.invitation(at, presented)?;
        group.product_plan.require_integration_apps()?;
        let live = invitation.live_code(at)?;
        if live.digest != *code {
            return Ok(vec![Event::VerificationCodeMistyped {
                attempts_left: live.attempts_left - 1,
            }]);
        }
        Ok(vec![Event::InvitationAccepted { developer_id }])
    }

    /// R18: Resend Invite. The old link is dead; refused once there is an account.
    pub(super) fn resend_invite(
        &self,
        at: Timestamp,
        by: &super::Principal,
        group: &GroupFacts,
        account: Option<DeveloperId>,
        invitation_digest: KeyedDigest,
    ) -> Result<Vec<Event>, Refusal> {
        self.require_manager(by, group)?;
        self.require_not_revoked()?;
        match &self.developer {
            DeveloperLink::None => Err(Refusal::NoDeveloperLinked),
            DeveloperLink::Assigned { .. } | DeveloperLink::Verified { .. } => Err(Refusal::DeveloperAlreadySignedUp),
            DeveloperLink::Invited { .. } if account.is_some() => Err(Refusal::DeveloperAlreadySignedUp),
            DeveloperLink::Invited { email, .. } => Ok(vec![Event::InvitationResent {
                email: email.clone().into(),
                invitation_digest,
                invitation_expires_at: at.plus(INVITATION_VALID_FOR),
            }]),
        }
    }
}

impl App {
    /// R16, R18: Resend Invite and Reset OTP in one, for somebody whose three days are over: the old link and the old OTP
    /// are dead. Refused once there is an account, which needs no invitation.
    pub(super) fn invite_anew(
        &self,
        at: Timestamp,
        by: &super::Principal,
        group: &GroupFacts,
        account: Option<DeveloperId>,
        (invitation_digest, otp_digest): (KeyedDigest, KeyedDigest),
    ) -> Result<Vec<Event>, Refusal> {
        let mut events = self.resend_invite(at, by, group, account, invitation_digest)?;
        events.extend(self.reset_one_time_password(at, by, group, otp_digest)?);
        Ok(events)
    }
}

/// R19: the code a person typed, digits only; refused with `invalid_code` when it cannot be one, which costs no try.
pub fn typed_code(text: &str) -> Result<String, FieldProblem> {
    let digits = typed_characters(text);
    if digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(digits);
    }
    Err(FieldProblem::new(
        "code",
        "invalid_code",
        "The code has six digits. Enter the ones in the e-mail.",
    ))
}
