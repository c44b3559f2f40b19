//! What is made for a developer who is invited: the link, the OTP, and what the log keeps of them.

use gatebook_aggregates::email_address::EmailAddress;
use gatebook_aggregates::identifiers::{AppId, KeyedDigest};
use gatebook_aggregates::integration_app::{DeveloperInvite, Wish};
use gatebook_projections::developers::DeveloperRow;

use super::failure::Failure;
use super::gatebook::Gatebook;
use crate::secrets::{self, OneTimePassword, SecretKind, SecretString, TokenKind};

/// The secrets of an invitation: the link's token, and the OTP.
pub(super) struct InviteSecrets {
    pub(super) link: SecretString,
    pub(super) otp: OneTimePassword,
}

impl Gatebook {
    /// Draws what is needed to invite somebody. Whether they have an account is looked up by [`Self::with_account`].
    pub(super) fn invite(&self, app_id: AppId, email: EmailAddress) -> (InviteSecrets, DeveloperInvite) {
        let secrets = self.invite_secrets(app_id);
        let invite = DeveloperInvite {
            email,
            account: None,
            invitation_digest: self.keyed(SecretKind::Invitation, secrets.link.reveal()),
            otp_digest: self.keyed(SecretKind::OneTimePassword, secrets.otp.canonical()),
        };
        (secrets, invite)
    }

    /// R13, R18: the wish, knowing whether its developer has an account now, and that account, which the letters go to.
    /// It is looked up for every try of a command; that there is none yet must still be so at the commit (see
    /// `extras_of`).
    pub(super) async fn with_account(
        &self,
        app_id: &str,
        mut wish: Wish,
    ) -> Result<(Wish, Option<DeveloperRow>), Failure> {
        let found = match &wish {
            Wish::CreateNewIntegration(new) => self.developer_by_email(&new.developer.email).await?,
            Wish::RegisterDeveloper(invite) => self.developer_by_email(&invite.email).await?,
            Wish::ResendInvite { .. }
            | Wish::ResetOneTimePassword { .. }
            | Wish::RevokeDeveloperAccess { .. }
            | Wish::Revoke { .. }
            | Wish::GenerateClientSecret { .. } => self.linked_account(app_id).await?,
            // Nobody is written to about these.
            Wish::CreateAiqIntegrate(_)
            | Wish::ChangeDetails(_)
            | Wish::Suspend { .. }
            | Wish::Resume { .. }
            | Wish::RecordActivityLogDownload { .. }
            | Wish::SendVerificationCode { .. }
            | Wish::AcceptInvitation { .. }
            | Wish::VerifyOneTimePassword { .. }
            | Wish::RevealCredentials { .. }
            | Wish::RetireClientSecret { .. } => None,
        };
        let id = found.as_ref().map(|developer| developer.developer_id);
        match &mut wish {
            Wish::CreateNewIntegration(new) => new.developer.account = id,
            Wish::RegisterDeveloper(invite) => invite.account = id,
            Wish::ResendInvite { account, .. } => *account = id,
            _ => {}
        }
        Ok((wish, found))
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
