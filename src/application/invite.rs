//! What is made for a developer who is invited: the link, the OTP, and what the log keeps of them.

use gatebook_aggregates::email_address::EmailAddress;
use gatebook_aggregates::identifiers::{AppId, KeyedDigest};
use gatebook_aggregates::integration_app::DeveloperInvite;

use super::failure::Failure;
use super::gatebook::Gatebook;
use crate::secrets::{self, OneTimePassword, SecretKind, SecretString, TokenKind};

/// The secrets of an invitation: the link's token, and the OTP.
pub(super) struct InviteSecrets {
    pub(super) link: SecretString,
    pub(super) otp: OneTimePassword,
}

impl Gatebook {
    pub(super) async fn invite(
        &self,
        app_id: AppId,
        email: EmailAddress,
    ) -> Result<(InviteSecrets, DeveloperInvite), Failure> {
        let account = self
            .developer_by_email(&email)
            .await?
            .map(|developer| developer.developer_id);
        let secrets = self.invite_secrets(app_id);
        let invite = DeveloperInvite {
            email,
            account,
            invitation_digest: self.keyed(SecretKind::Invitation, secrets.link.reveal()),
            otp_digest: self.keyed(SecretKind::OneTimePassword, secrets.otp.canonical()),
        };
        Ok((secrets, invite))
    }

    pub(super) fn invite_secrets(&self, app_id: AppId) -> InviteSecrets {
        InviteSecrets {
            link: secrets::mint(TokenKind::Invitation, app_id, &self.dice),
            otp: OneTimePassword::random(&self.dice),
        }
    }

    pub(super) fn keyed(&self, kind: SecretKind, secret: &str) -> KeyedDigest {
        KeyedDigest(self.digests.digest(kind, secret))
    }
}
