//! R13, R20, R21: the one developer linked to an application, from invitation to verification.

use serde::{Deserialize, Serialize};

use super::command::{DeveloperInvite, GroupFacts, Principal};
use super::invitation::{INVITATION_VALID_FOR, Invitation};
use super::one_time_password::{IssuedOtp, OTP_VALID_FOR};
use super::{App, DeveloperLinkEvent, IntegrationAppEvent as Event};
use crate::email_address::EmailAddress;
use crate::identifiers::DeveloperId;
use crate::refusal::Refusal;
use crate::timestamp::Timestamp;

/// R20: at most one developer, in one of these states.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeveloperLink {
    /// Nobody.
    None,
    /// Somebody who had no account when they were invited. They may have signed up through another application since.
    Invited {
        /// Their address.
        email: EmailAddress,
        /// Their link.
        invitation: Invitation,
        /// What they have to prove.
        otp: IssuedOtp,
    },
    /// Somebody with an account who has not verified the OTP.
    Assigned {
        /// Their address.
        email: EmailAddress,
        /// Their account.
        developer_id: DeveloperId,
        /// What they have to prove.
        otp: IssuedOtp,
    },
    /// R22: the right person.
    Verified {
        /// Their address.
        email: EmailAddress,
        /// Their account.
        developer_id: DeveloperId,
    },
}

impl DeveloperLink {
    /// The linked address.
    pub fn email(&self) -> Option<&EmailAddress> {
        match self {
            Self::None => None,
            Self::Invited { email, .. } | Self::Assigned { email, .. } | Self::Verified { email, .. } => Some(email),
        }
    }

    /// The OTP that is still to be verified.
    pub fn one_time_password(&self) -> Option<&IssuedOtp> {
        match self {
            Self::None | Self::Verified { .. } => None,
            Self::Invited { otp, .. } | Self::Assigned { otp, .. } => Some(otp),
        }
    }

    /// R22: the account that verified.
    pub fn verified_by(&self) -> Option<DeveloperId> {
        match self {
            Self::Verified { developer_id, .. } => Some(*developer_id),
            Self::None | Self::Invited { .. } | Self::Assigned { .. } => None,
        }
    }

    fn one_time_password_mut(&mut self) -> Option<&mut IssuedOtp> {
        match self {
            Self::None | Self::Verified { .. } => None,
            Self::Invited { otp, .. } | Self::Assigned { otp, .. } => Some(otp),
        }
    }

    pub(super) fn record(&mut self, event: DeveloperLinkEvent<'_>) {
        match event {
            DeveloperLinkEvent::Invited {
                email,
                invitation_digest,
                invitation_expires_at,
                otp_digest,
                otp_expires_at,
            } => {
                *self = Self::Invited {
                    email: email.clone(),
                    invitation: Invitation::sent(invitation_digest.clone(), invitation_expires_at),
                    otp: IssuedOtp::issued(otp_digest.clone(), otp_expires_at),
                };
            }
            DeveloperLinkEvent::Registered {
                email,
                developer_id,
                otp_digest,
                otp_expires_at,
            } => {
                *self = Self::Assigned {
                    email: email.clone(),
                    developer_id,
                    otp: IssuedOtp::issued(otp_digest.clone(), otp_expires_at),
                };
            }
            DeveloperLinkEvent::InvitationResent {
                invitation_digest,
                invitation_expires_at,
            } => {
                if let Self::Invited { invitation, .. } = self {
                    *invitation = Invitation::sent(invitation_digest.clone(), invitation_expires_at);
                }
            }
            DeveloperLinkEvent::CodeSent {
                code_digest,
                sent_at,
                expires_at,
            } => {
                if let Self::Invited { invitation, .. } = self {
                    invitation.code_sent(code_digest.clone(), sent_at, expires_at);
                }
            }
            DeveloperLinkEvent::CodeMistyped { attempts_left } => {
                if let Self::Invited { invitation, .. } = self {
                    invitation.code_mistyped(attempts_left);
                }
            }
            DeveloperLinkEvent::InvitationAccepted { developer_id } => {
                if let Self::Invited { email, otp, .. } = self {
                    *self = Self::Assigned {
                        email: email.clone(),
                        developer_id,
                        otp: otp.clone(),
                    };
                }
            }
            DeveloperLinkEvent::OtpReset {
                otp_digest,
                otp_expires_at,
            } => {
                if let Some(otp) = self.one_time_password_mut() {
                    *otp = IssuedOtp::issued(otp_digest.clone(), otp_expires_at);
                }
            }
            DeveloperLinkEvent::OtpMistyped { attempts_left } => {
                if let Some(otp) = self.one_time_password_mut() {
                    otp.mistyped(attempts_left);
                }
            }
            DeveloperLinkEvent::UnusableOtpTried { because } => {
                if let Some(otp) = self.one_time_password_mut() {
                    otp.tried_when_unusable(because);
                }
            }
            DeveloperLinkEvent::Verified { developer_id } => {
                if let Some(email) = self.email().cloned() {
                    *self = Self::Verified { email, developer_id };
                }
            }
            DeveloperLinkEvent::AccessRevoked => *self = Self::None,
        }
    }
}

/// R13: an invitation for somebody new, a notification for somebody who has an account; an OTP for both.
pub(super) fn invited_or_registered(at: Timestamp, invite: DeveloperInvite) -> Event {
    let DeveloperInvite {
        email,
        account,
        invitation_digest,
        otp_digest,
    } = invite;
    let otp_expires_at = at.plus(OTP_VALID_FOR);
    match account {
        Some(developer_id) => Event::DeveloperRegistered {
            email: email.into(),
            developer_id,
            otp_digest,
            otp_expires_at,
        },
        None => Event::DeveloperInvited {
            email: email.into(),
            invitation_digest,
            invitation_expires_at: at.plus(INVITATION_VALID_FOR),
            otp_digest,
            otp_expires_at,
        },
    }
}

impl App {
    /// R20: Register developer, when none is linked.
    pub(super) fn register_developer(
        &self,
        at: Timestamp,
        by: &Principal,
        group: &GroupFacts,
        invite: DeveloperInvite,
    ) -> Result<Vec<Event>, Refusal> {
        self.require_manager(by, group)?;
        self.require_not_revoked()?;
        if !self.kind.has_outside_developer() {
            return Err(Refusal::NoOutsideDeveloper);
        }
        if self.developer != DeveloperLink::None {
            return Err(Refusal::DeveloperAlreadyLinked);
        }
        Ok(vec![invited_or_registered(at, invite)])
    }

    /// R21: Revoke Access. The integration keeps running unless its secrets are to end too. They can also be ended
    /// afterwards, when nobody is linked any more: whoever was may hold them still.
    pub(super) fn revoke_developer_access(
        &self,
        at: Timestamp,
        by: &Principal,
        group: &GroupFacts,
        retire_client_secrets: bool,
    ) -> Result<Vec<Event>, Refusal> {
        self.require_manager(by, group)?;
        self.require_not_revoked()?;
        let email = self.developer.email().cloned();
        let unlinked = email.map(|email| Event::DeveloperAccessRevoked { email: email.into() });
        let retired = self
            .retired_secrets(at)
            .filter(|_| retire_client_secrets && self.kind.has_outside_developer());
        let events: Vec<_> = unlinked.into_iter().chain(retired).collect();
        if events.is_empty() {
            return Err(Refusal::NoDeveloperLinked);
        }
        Ok(events)
    }

    /// R22: details are open to the linked developer who verified, and to nobody else.
    pub(super) fn require_verified_developer(&self, by: &Principal) -> Result<DeveloperId, Refusal> {
        verified_developer(self.developer.email(), self.developer.verified_by(), by)
    }
}

/// R22: the principal, if they are the developer who verified an application; for the aggregate and for its rows.
///
/// # Errors
/// `OtpVerificationNeeded` for the developer who is linked and has not verified, `NotFound` for everybody else.
pub fn verified_developer(
    linked: Option<&EmailAddress>,
    verified_by: Option<DeveloperId>,
    by: &Principal,
) -> Result<DeveloperId, Refusal> {
    let Principal::Developer { id, email } = by else {
        return Err(Refusal::NotFound);
    };
    match verified_by {
        Some(verified) if verified == *id => Ok(*id),
        _ if linked == Some(email) => Err(Refusal::OtpVerificationNeeded),
        _ => Err(Refusal::NotFound),
    }
}
