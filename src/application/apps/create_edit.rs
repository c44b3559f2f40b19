//! What admins do with applications: create, edit, manage the developer, suspend, resume, revoke.

use gatebook_aggregates::api_permission::ApiPermission;
use gatebook_aggregates::catalog::{CategoryCode, IntegrateType};
use gatebook_aggregates::email_address::EmailAddress;
use gatebook_aggregates::identifiers::{AppId, ClientId, EntityId};
use gatebook_aggregates::integration_app::{AiqIntegrate, AppCommand, Changes, NewIntegration};
use gatebook_aggregates::text::{AppName, Description, Reason};
use gatebook_aggregates::timestamp::Timestamp;
use std::collections::BTreeSet;

use crate::application::apps::change::Changed;
use crate::application::authorization::Manager;
use crate::application::caller::Caller;
use crate::application::command::request::{CommandRequest, Drawn};
use crate::application::command::section_versions::ExpectedVersion;
use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;
use crate::application::idempotency_key::IdempotencyKey;
use crate::secrets;
use crate::secrets::CredentialKind;

/// Option One, as the admin filled it in.
#[derive(Clone, Debug)]
pub struct NewIntegrationForm {
    pub name: AppName,
    pub description: Description,
    pub category: CategoryCode,
    pub developer_email: EmailAddress,
    pub api_permission: ApiPermission,
    pub entities: BTreeSet<EntityId>,
    pub ends_at: Option<Timestamp>,
}

/// Option Two, as the admin filled it in.
#[derive(Clone, Debug)]
pub struct AiqIntegrateForm {
    pub integrate_type: &'static IntegrateType,
    pub name: AppName,
    pub description: Description,
    pub category: Option<CategoryCode>,
    pub entities: BTreeSet<EntityId>,
    pub ends_at: Option<Timestamp>,
    pub accept_charges: bool,
    pub accept_data_access: bool,
}

/// What an admin creates.
#[derive(Clone, Debug)]
pub enum Creation {
    /// Option One.
    NewIntegration(NewIntegrationForm),
    /// Option Two.
    AiqIntegrate(AiqIntegrateForm),
}

/// R27: a change of what an application may do at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusChange {
    Suspend,
    Resume,
    Revoke,
}

impl StatusChange {
    pub(in crate::application) fn command(self, reason: Option<Reason>) -> AppCommand {
        match self {
            Self::Suspend => AppCommand::Suspend { reason },
            Self::Resume => AppCommand::Resume { reason },
            Self::Revoke => AppCommand::Revoke { reason },
        }
    }
}

impl Gatebook {
    /// Creates an application (R5-R13).
    pub async fn create_app(
        &self,
        manager: Manager<'_>,
        creation: Creation,
        key: Option<&IdempotencyKey>,
    ) -> Result<Changed, Failure> {
        let caller = manager.caller();
        let (app_id, client_id) = (self.new_id(), ClientId(secrets::client_id(&self.randomness)));
        match creation {
            Creation::NewIntegration(form) => {
                let (secrets, developer) = self.invite(app_id, form.developer_email);
                let command = AppCommand::CreateNewIntegration(NewIntegration {
                    client_id,
                    name: form.name,
                    description: form.description,
                    category: form.category,
                    api_permission: form.api_permission,
                    entities: form.entities,
                    ends_at: form.ends_at,
                    developer,
                });
                let request = CommandRequest::new(caller, command).with(Drawn::Invitation(&secrets));
                self.change_app(caller, app_id, ExpectedVersion::Nothing, request.once(key))
                    .await
            }
            Creation::AiqIntegrate(form) => {
                let command = AppCommand::CreateAiqIntegrate(AiqIntegrate {
                    client_id,
                    integrate_type: form.integrate_type,
                    name: form.name,
                    description: form.description,
                    category: form.category,
                    entities: form.entities,
                    ends_at: form.ends_at,
                    accept_charges: form.accept_charges,
                    accept_data_access: form.accept_data_access,
                });
                let request = CommandRequest::new(caller, command).once(key);
                self.change_app(caller, app_id, ExpectedVersion::Nothing, request).await
            }
        }
    }

    /// Edit (R7, R8, R11).
    pub async fn edit_app(
        &self,
        caller: &Caller,
        app_id: AppId,
        expected: impl Into<ExpectedVersion> + Send,
        key: Option<&IdempotencyKey>,
        changes: Changes,
    ) -> Result<Changed, Failure> {
        let request = CommandRequest::new(caller, AppCommand::ChangeDetails(changes)).once(key);
        self.change_app(caller, app_id, expected.into(), request).await
    }

    /// Registers a developer (R20), with a new invitation or notification and a new OTP.
    pub async fn register_developer(
        &self,
        caller: &Caller,
        app_id: AppId,
        expected: impl Into<ExpectedVersion> + Send,
        key: Option<&IdempotencyKey>,
        email: EmailAddress,
    ) -> Result<Changed, Failure> {
        let (secrets, invite) = self.invite(app_id, email);
        let command = AppCommand::RegisterDeveloper(invite);
        let request = CommandRequest::new(caller, command).with(Drawn::Invitation(&secrets));
        self.change_app(caller, app_id, expected.into(), request.once(key))
            .await
    }

    /// Resend Invite (R18).
    pub async fn resend_invite(
        &self,
        caller: &Caller,
        app_id: AppId,
        expected: impl Into<ExpectedVersion> + Send,
        key: Option<&IdempotencyKey>,
    ) -> Result<Changed, Failure> {
        let secrets = self.invite_secrets(app_id);
        let invitation_digest = self.keyed(CredentialKind::Invitation, secrets.link.reveal());
        let command = AppCommand::ResendInvite {
            account: None,
            invitation_digest,
        };
        let request = CommandRequest::new(caller, command).with(Drawn::Invitation(&secrets));
        self.change_app(caller, app_id, expected.into(), request.once(key))
            .await
    }

    /// Reset OTP (R16).
    pub async fn reset_otp(
        &self,
        caller: &Caller,
        app_id: AppId,
        expected: impl Into<ExpectedVersion> + Send,
        key: Option<&IdempotencyKey>,
    ) -> Result<Changed, Failure> {
        let secrets = self.invite_secrets(app_id);
        let otp_digest = self.keyed(CredentialKind::OneTimePassword, secrets.otp.canonical());
        let command = AppCommand::ResetOneTimePassword { otp_digest };
        let request = CommandRequest::new(caller, command).with(Drawn::Invitation(&secrets));
        self.change_app(caller, app_id, expected.into(), request.once(key))
            .await
    }

    /// Resend Invite and Reset OTP in one (R16, R18).
    pub async fn invite_anew(
        &self,
        caller: &Caller,
        app_id: AppId,
        expected: impl Into<ExpectedVersion> + Send,
        key: Option<&IdempotencyKey>,
    ) -> Result<Changed, Failure> {
        let secrets = self.invite_secrets(app_id);
        let command = AppCommand::InviteAnew {
            account: None,
            invitation_digest: self.keyed(CredentialKind::Invitation, secrets.link.reveal()),
            otp_digest: self.keyed(CredentialKind::OneTimePassword, secrets.otp.canonical()),
        };
        let request = CommandRequest::new(caller, command).with(Drawn::Invitation(&secrets));
        self.change_app(caller, app_id, expected.into(), request.once(key))
            .await
    }

    /// Revoke Access (R21).
    pub async fn revoke_developer_access(
        &self,
        caller: &Caller,
        app_id: AppId,
        expected: impl Into<ExpectedVersion> + Send,
        key: Option<&IdempotencyKey>,
        retire_client_secrets: bool,
    ) -> Result<Changed, Failure> {
        let command = AppCommand::RevokeDeveloperAccess { retire_client_secrets };
        let request = CommandRequest::new(caller, command).once(key);
        self.change_app(caller, app_id, expected.into(), request).await
    }

    /// Suspend, resume or revoke (R27).
    pub async fn change_status(
        &self,
        caller: &Caller,
        app_id: AppId,
        expected: impl Into<ExpectedVersion> + Send,
        key: Option<&IdempotencyKey>,
        change: StatusChange,
        reason: Option<Reason>,
    ) -> Result<Changed, Failure> {
        let request = CommandRequest::new(caller, change.command(reason)).once(key);
        self.change_app(caller, app_id, expected.into(), request).await
    }
}
