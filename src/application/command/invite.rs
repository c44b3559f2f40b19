//! What is made for a developer who is invited: the link, the OTP, and what the log keeps of them.

use gatebook_aggregates::email_address::EmailAddress;
use gatebook_aggregates::identifiers::{AppId, KeyedDigest};
use gatebook_aggregates::integration_app::{AppCommand, DeveloperInvite};
use gatebook_projections::developers::DeveloperRow;

use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;
use crate::secrets::{self, CredentialKind, OneTimePassword, SecretString};

/// The secrets of an invitation: the link's token, and the OTP.
pub(in crate::application) struct InviteSecrets {
    pub(in crate::application) link: SecretString,
    pub(in crate::application) otp: OneTimePassword,
}

impl Gatebook {
    /// Draws what is needed to invite somebody. Whether they have an account is looked up by [`Self::with_account`].
    pub(in crate::application) fn invite(
        &self,
        app_id: AppId,
        email: EmailAddress,
    ) -> (InviteSecrets, DeveloperInvite) {
        let secrets = self.invite_secrets(app_id);
        let invite = DeveloperInvite {
            email,
            account: None,
            invitation_digest: self.keyed(CredentialKind::Invitation, secrets.link.reveal()),
            otp_digest: self.keyed(CredentialKind::OneTimePassword, secrets.otp.canonical()),
        };
        (secrets, invite)
    }

    /// R13, R18: the command, knowing whether its developer has an account now, and that account, which the e-mails go to.
    /// It is looked up for every try of a command; that there is none yet must still be so at the commit (see
    /// `require_no_account` in `consequences/app.rs`).
    pub(in crate::application) async fn with_account(
        &self,
        app_id: &str,
        mut command: AppCommand,
    ) -> Result<(AppCommand, Option<DeveloperRow>), Failure> {
        let found = match &command {
            AppCommand::CreateNewIntegration(new) => self.developer_by_email(&new.developer.email).await?,
            AppCommand::RegisterDeveloper(invite) => self.developer_by_email(&invite.email).await?,
            AppCommand::ResendInvite { .. }
            | AppCommand::ResetOneTimePassword { .. }
            | AppCommand::InviteAnew { .. }
            | AppCommand::RevokeDeveloperAccess { .. }
            | AppCommand::Revoke { .. } => self.linked_account(app_id).await?,
            // Nobody is written to about these, or whoever it is on a later day.
            AppCommand::CreateAiqIntegrate(_)
            | AppCommand::ChangeDetails(_)
            | AppCommand::Suspend { .. }
            | AppCommand::Resume { .. }
            | AppCommand::RecordActivityLogDownload { .. }
            | AppCommand::SendVerificationCode { .. }
            | AppCommand::AcceptInvitation { .. }
            | AppCommand::VerifyOneTimePassword { .. }
            | AppCommand::RevealCredentials { .. }
            | AppCommand::GenerateClientSecret { .. }
            | AppCommand::RetireClientSecret { .. } => None,
        };
        let id = found.as_ref().map(|developer| developer.developer_id);
        match &mut command {
            AppCommand::CreateNewIntegration(new) => new.developer.account = id,
            AppCommand::RegisterDeveloper(invite) => invite.account = id,
            AppCommand::ResendInvite { account, .. } | AppCommand::InviteAnew { account, .. } => *account = id,
            _ => {}
        }
        Ok((command, found))
    }

    pub(in crate::application) fn invite_secrets(&self, app_id: AppId) -> InviteSecrets {
        InviteSecrets {
            link: secrets::mint(CredentialKind::Invitation, app_id, &self.randomness),
            otp: OneTimePassword::random(&self.randomness),
        }
    }

    pub(in crate::application) fn keyed(&self, kind: CredentialKind, secret: &str) -> KeyedDigest {
        KeyedDigest(self.digests.digest(kind, secret))
    }
}
