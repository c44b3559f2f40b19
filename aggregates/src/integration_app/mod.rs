//! The integration application: what it is, how facts change it, and which rule file answers which command.
//!
//! Not here: who somebody is (`group`, `developer`), what is shown (`projections`), secrets (never).

mod client_secrets;
mod command;
mod creating;
mod developer_link;
mod editing;
mod end_date;
mod event;
mod invitation;
mod kind;
mod lifecycle;
mod one_time_password;
mod subject;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

pub use client_secrets::{
    ClientSecret, MAX_LIVE_CLIENT_SECRETS, MAX_OVERLAP, SAME_REVEAL, SECRET_OVERLAP, record as record_client_secret,
};
pub use command::{
    AiqIntegrate, AppCommand, AppCommandEnvelope, Changes, DeveloperInvite, EndDateEdit, EntitiesEdit,
    EntitiesToChange, FreshSecret, GroupFacts, NewIntegration, Principal,
};
pub use creating::{charges_accepted, data_access_accepted};
pub use developer_link::{DeveloperLink, verified_developer};
pub use end_date::has_ended;
pub use event::{IntegrationAppEvent, IntegrationAppEventType, OtpUnusable, PreviousSecret};
pub use invitation::{
    CODE_MAX_TRIES, CODE_VALID_FOR, CODES_PER_WINDOW, INVITATION_VALID_FOR, Invitation, IssuedCode, typed_code,
};
pub use kind::{IntegrationKind, IntegrationType};
pub use one_time_password::{
    IssuedOtp, OTP_ALPHABET, OTP_CHARS, OTP_MAX_TRIES, OTP_VALID_FOR, OtpState, issued_otp, otp_character, otp_state,
};
pub use subject::{
    AppSubject, AuditedReadEvent, ClientSecretEvent, CreationEvent, DetailsEvent, DeveloperLinkEvent,
    EntitiesDifference, StatusEvent,
};

use crate::api_permission::ApiPermission;
use crate::catalog::CategoryCode;
use crate::identifiers::{ClientId, EntityId, GroupId};
use crate::refusal::Refusal;
use crate::text::{AppName, Description};
use crate::timestamp::Timestamp;
use IntegrationAppEvent as Event;

/// An integration application, before and after its creation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum IntegrationApp {
    /// Nothing has happened under this id.
    #[default]
    Uncreated,
    /// It exists; R29: for ever.
    Created(Box<App>),
}

/// An application that exists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct App {
    /// R4: the group it belongs to.
    pub group_id: GroupId,
    /// Its OAuth client id.
    pub client_id: ClientId,
    /// R5: its integration type.
    pub kind: IntegrationKind,
    /// R6: its name for ever.
    pub name: AppName,
    /// R7: what it is for.
    pub description: Description,
    /// R8: its category.
    pub category: CategoryCode,
    /// R10: what it may do.
    pub api_permission: ApiPermission,
    /// R11: the entities it may open.
    pub entities: BTreeSet<EntityId>,
    /// R27: whether it runs.
    pub status: Status,
    /// When it ends by itself, if it does.
    pub ends_at: Option<Timestamp>,
    /// R20: its developer.
    pub developer: DeveloperLink,
    /// R23: its client secrets that were not retired.
    pub client_secrets: Vec<ClientSecret>,
    /// R28: when the developer looked last, by address.
    audited_reads: BTreeMap<String, Timestamp>,
}

/// R27: whether an application runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Status {
    /// Running.
    Active,
    /// Stopped, can be resumed.
    Suspended,
    /// Stopped for ever.
    Revoked,
}

impl IntegrationApp {
    /// What follows from a command: facts, or a refusal. Pure.
    pub fn decide(&self, command: AppCommandEnvelope) -> Result<Vec<Event>, Refusal> {
        let AppCommandEnvelope { at, by, group, command } = command;
        match (self, command) {
            (Self::Uncreated, AppCommand::CreateNewIntegration(new)) => creating::new_integration(at, &by, &group, new),
            (Self::Uncreated, AppCommand::CreateAiqIntegrate(new)) => creating::aiq_integrate(at, &by, &group, new),
            (Self::Uncreated, _)
            | (Self::Created(_), AppCommand::CreateNewIntegration(_) | AppCommand::CreateAiqIntegrate(_)) => {
                Err(Refusal::NotFound)
            }
            (Self::Created(app), command) => app.decide(at, &by, &group, command),
        }
    }

    /// R2-R4: refuses a group user who may not change the application. Everybody else is judged by their command alone.
    pub fn require_right_to_change(&self, by: &Principal, group: &GroupFacts) -> Result<(), Refusal> {
        match by {
            Principal::GroupUser(_) => self.created()?.require_manager(by, group),
            Principal::Developer { .. } | Principal::Invitee | Principal::Operator | Principal::Integration => Ok(()),
        }
    }

    /// The application, if it exists.
    pub fn created(&self) -> Result<&App, Refusal> {
        match self {
            Self::Uncreated => Err(Refusal::NotFound),
            Self::Created(app) => Ok(app),
        }
    }
}

impl App {
    fn decide(
        &self,
        at: Timestamp,
        by: &Principal,
        group: &GroupFacts,
        command: AppCommand,
    ) -> Result<Vec<Event>, Refusal> {
        match command {
            AppCommand::CreateNewIntegration(_) | AppCommand::CreateAiqIntegrate(_) => Err(Refusal::NotFound),
            AppCommand::ChangeDetails(changes) => self.change_details(at, by, group, changes),
            AppCommand::RegisterDeveloper(invite) => self.register_developer(at, by, group, invite),
            AppCommand::ResendInvite {
                account,
                invitation_digest,
            } => self.resend_invite(at, by, group, account, invitation_digest),
            AppCommand::ResetOneTimePassword { otp_digest } => self.reset_one_time_password(at, by, group, otp_digest),
            AppCommand::InviteAnew {
                account,
                invitation_digest,
                otp_digest,
            } => self.invite_anew(at, by, group, account, (invitation_digest, otp_digest)),
            AppCommand::RevokeDeveloperAccess { retire_client_secrets } => {
                self.revoke_developer_access(at, by, group, retire_client_secrets)
            }
            AppCommand::Suspend { reason } => self.suspend(by, group, reason),
            AppCommand::Resume { reason } => self.resume(by, group, reason),
            AppCommand::Revoke { reason } => self.revoke(at, by, group, reason),
            AppCommand::RecordActivityLogDownload { format, from, to } => self.record_download(by, format, from, to),
            AppCommand::SendVerificationCode {
                invitation_digest,
                code_digest,
            } => self.send_verification_code(at, group, &invitation_digest, code_digest),
            AppCommand::AcceptInvitation {
                invitation_digest,
                code_digest,
                developer_id,
            } => self.accept_invitation(at, group, &invitation_digest, &code_digest, developer_id),
            AppCommand::VerifyOneTimePassword { otp_digest } => {
                self.verify_one_time_password(at, by, group, otp_digest)
            }
            AppCommand::RevealCredentials { ip_address } => self.reveal_credentials(at, by, ip_address),
            AppCommand::GenerateClientSecret {
                secret,
                overlap,
                ends_at,
            } => self.generate_client_secret(at, by, group, secret, overlap, ends_at),
            AppCommand::RetireClientSecret { client_secret_id } => {
                self.retire_client_secret(at, by, group, client_secret_id)
            }
        }
    }

    /// R1, R2, R4: an admin of this group on the right plan.
    fn require_manager(&self, by: &Principal, group: &GroupFacts) -> Result<(), Refusal> {
        let Principal::GroupUser(membership) = by else {
            return Err(Refusal::NotFound);
        };
        membership.require_group(&self.group_id)?;
        membership.require_manager()?;
        group.product_plan.require_integration_apps()
    }

    /// R27: nothing about a revoked application changes.
    fn require_not_revoked(&self) -> Result<(), Refusal> {
        if self.status == Status::Revoked {
            Err(Refusal::AppRevoked)
        } else {
            Ok(())
        }
    }

    fn record(&mut self, event: AppSubject<'_>) {
        match event {
            AppSubject::Creation(_) => {}
            AppSubject::Details(DetailsEvent::Description(after)) => self.description = after.clone(),
            AppSubject::Details(DetailsEvent::Category(after)) => self.category = after.clone(),
            AppSubject::Details(DetailsEvent::Entities(difference)) => difference.apply_to(&mut self.entities),
            AppSubject::Details(DetailsEvent::EndDate(after)) => self.ends_at = after,
            AppSubject::DeveloperLink(event) => {
                self.developer.record(event);
                if let DeveloperLinkEvent::AccessRevoked = event {
                    self.audited_reads.clear();
                }
            }
            AppSubject::ClientSecrets(event) => client_secrets::record(&mut self.client_secrets, event),
            AppSubject::Status(event) => self.status = event.status(),
            AppSubject::AuditedRead(AuditedReadEvent::CredentialsRevealed {
                revealed_at,
                ip_address,
            }) => client_secrets::looked(&mut self.audited_reads, ip_address, revealed_at),
            AppSubject::AuditedRead(AuditedReadEvent::ActivityLogDownloaded) => {}
        }
    }
}

impl Aggregate for IntegrationApp {
    const TYPE: &'static str = "IntegrationApp";
    type Command = AppCommandEnvelope;
    type Event = Event;
    type Error = Refusal;
    type Services = ();

    async fn handle(&mut self, command: Self::Command, (): &(), sink: &EventSink<Self>) -> Result<(), Refusal> {
        for event in self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: Event) {
        match (&mut *self, event.subject()) {
            (Self::Uncreated, AppSubject::Creation(creation)) => {
                *self = Self::Created(Box::new(creating::created(creation)));
            }
            (Self::Uncreated, _) => {}
            (Self::Created(app), subject) => app.record(subject),
        }
    }
}
