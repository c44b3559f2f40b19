//! The commands of admins, developers, operators and integrations. Time, ids and random values arrive inside.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use strum::AsRefStr;

use crate::api_permission::ApiPermission;
use crate::catalog::{CategoryCode, IntegrateType};
use crate::email_address::EmailAddress;
use crate::group::{DecisionInputs, Membership, ProductPlan};
use crate::identifiers::{ClientId, ClientSecretId, DeveloperId, EntityId, GroupId, KeyedDigest};
use crate::integration_app::event::IntegrationAppEvent;
use crate::log_format::LogFormat;
use crate::refusal::FieldProblem;
use crate::text::{AppName, Description, Reason};
use crate::timestamp::Timestamp;

/// A command, with who asks, when, and what is true of the application's group.
#[derive(Clone, Debug)]
pub struct AppCommandEnvelope {
    /// When it is asked.
    pub at: Timestamp,
    /// Who asks.
    pub by: Principal,
    /// The group the application belongs to, or shall.
    pub group: GroupFacts,
    /// What is asked.
    pub command: AppCommand,
}

impl AppCommandEnvelope {
    /// R26: what its decision stands on of the group.
    pub fn decision_inputs(&self) -> DecisionInputs {
        let user_id = match &self.by {
            Principal::GroupUser(membership) => Some(membership.user_id.clone()),
            Principal::Invitee | Principal::Developer { .. } | Principal::Operator | Principal::Integration => None,
        };
        let entities = self.command.entities().cloned().unwrap_or_default();
        DecisionInputs { user_id, entities }
    }
}

/// What the rules need to know about the application's group.
#[derive(Clone, Debug)]
pub struct GroupFacts {
    /// Which group.
    pub id: GroupId,
    /// R1: its plan.
    pub product_plan: ProductPlan,
    /// R11: its entities.
    pub entities: BTreeSet<EntityId>,
}

/// Who asks.
#[derive(Clone, Debug)]
pub enum Principal {
    /// A user of a group.
    GroupUser(Membership),
    /// Somebody who holds an invitation link, not signed up yet.
    Invitee,
    /// A developer who is logged in.
    Developer {
        /// Their account.
        id: DeveloperId,
        /// Their address.
        email: EmailAddress,
    },
    /// The team that runs Gatebook.
    Operator,
    /// The integration, authenticated as this application.
    Integration,
}

/// What is asked.
#[derive(Clone, Debug, AsRefStr)]
pub enum AppCommand {
    /// Option One of the article.
    CreateNewIntegration(NewIntegration),
    /// Option Two of the article.
    CreateAiqIntegrate(AiqIntegrate),
    /// Edit.
    ChangeDetails(Changes),
    /// Manage Developer Portal Access, no linked developer.
    RegisterDeveloper(DeveloperInvite),
    /// Resend Invite.
    ResendInvite {
        /// The account with the linked address, if there is one by now.
        account: Option<DeveloperId>,
        /// Digest of the new link's secret.
        invitation_digest: KeyedDigest,
    },
    /// Reset OTP.
    ResetOneTimePassword {
        /// Digest of the new OTP.
        otp_digest: KeyedDigest,
    },
    /// Resend Invite and Reset OTP in one: both, or neither.
    InviteAnew {
        /// The account with the linked address, if there is one by now.
        account: Option<DeveloperId>,
        /// Digest of the new link's secret.
        invitation_digest: KeyedDigest,
        /// Digest of the new OTP.
        otp_digest: KeyedDigest,
    },
    /// Revoke Access.
    RevokeDeveloperAccess {
        /// R21: whether the client secrets end too.
        retire_client_secrets: bool,
    },
    /// Suspend.
    Suspend {
        /// Why.
        reason: Option<Reason>,
    },
    /// Resume.
    Resume {
        /// Why.
        reason: Option<Reason>,
    },
    /// Revoke.
    Revoke {
        /// Why.
        reason: Option<Reason>,
    },
    /// R28: takes note that the log is downloaded.
    RecordActivityLogDownload {
        /// In which format.
        format: LogFormat,
        /// From when, inclusive.
        from: Option<Timestamp>,
        /// Until when, exclusive.
        to: Option<Timestamp>,
    },
    /// R19: Send verification code.
    SendVerificationCode {
        /// Digest of the presented link's secret.
        invitation_digest: KeyedDigest,
        /// Digest of the code.
        code_digest: KeyedDigest,
    },
    /// R19: the last step of signing up.
    AcceptInvitation {
        /// Digest of the presented link's secret.
        invitation_digest: KeyedDigest,
        /// Digest of the presented code.
        code_digest: KeyedDigest,
        /// The new account.
        developer_id: DeveloperId,
    },
    /// R17: Verify. None when what was typed cannot be an OTP at all; that counts as a wrong try.
    VerifyOneTimePassword {
        /// Digest of the presented OTP.
        otp_digest: Option<KeyedDigest>,
    },
    /// R22, R28: takes note that the credentials' details are shown.
    RevealCredentials {
        /// Where the request came from.
        ip_address: String,
    },
    /// R23: generate a client secret.
    GenerateClientSecret {
        /// The new secret.
        secret: FreshSecret,
        /// How long the older one goes on; none for the default.
        overlap: Option<TimeDelta>,
        /// When the new one ends by itself; none for no end.
        ends_at: Option<Timestamp>,
    },
    /// R23: retire one at once.
    RetireClientSecret {
        /// Which one.
        client_secret_id: ClientSecretId,
    },
}

impl AppCommand {
    /// R27: whether it stops the application or something of it. Nobody can be in the way of that.
    pub fn stops(&self) -> bool {
        match self {
            Self::RevokeDeveloperAccess { .. }
            | Self::Suspend { .. }
            | Self::Revoke { .. }
            | Self::RetireClientSecret { .. } => true,
            Self::CreateNewIntegration(_)
            | Self::CreateAiqIntegrate(_)
            | Self::ChangeDetails(_)
            | Self::RegisterDeveloper(_)
            | Self::ResendInvite { .. }
            | Self::ResetOneTimePassword { .. }
            | Self::InviteAnew { .. }
            | Self::Resume { .. }
            | Self::RecordActivityLogDownload { .. }
            | Self::SendVerificationCode { .. }
            | Self::AcceptInvitation { .. }
            | Self::VerifyOneTimePassword { .. }
            | Self::RevealCredentials { .. }
            | Self::GenerateClientSecret { .. } => false,
        }
    }

    /// R28: whether somebody only looks with it: at credentials, at the log. Nobody else's change waits for that, or is
    /// refused for it.
    pub fn is_audited_read(&self) -> bool {
        matches!(
            self,
            Self::RevealCredentials { .. } | Self::RecordActivityLogDownload { .. }
        )
    }

    /// R28: whether a look is still the same after this fact. Only whoever may look can lose that.
    pub fn read_holds_after(&self, fact: &IntegrationAppEvent) -> bool {
        match self {
            Self::RevealCredentials { .. } => !matches!(fact, IntegrationAppEvent::DeveloperAccessRevoked { .. }),
            _ => self.is_audited_read(),
        }
    }

    /// Whether it makes an application that there was not before.
    pub fn creates(&self) -> bool {
        matches!(self, Self::CreateNewIntegration(_) | Self::CreateAiqIntegrate(_))
    }

    /// R11: the entities that it names; none when they are not what it is about.
    fn entities(&self) -> Option<&BTreeSet<EntityId>> {
        match self {
            Self::CreateNewIntegration(new) => Some(&new.entities),
            Self::CreateAiqIntegrate(new) => Some(&new.entities),
            Self::ChangeDetails(changes) => changes.entities.as_ref().map(EntitiesEdit::named),
            Self::RegisterDeveloper(_)
            | Self::ResendInvite { .. }
            | Self::ResetOneTimePassword { .. }
            | Self::InviteAnew { .. }
            | Self::RevokeDeveloperAccess { .. }
            | Self::Suspend { .. }
            | Self::Resume { .. }
            | Self::Revoke { .. }
            | Self::RecordActivityLogDownload { .. }
            | Self::SendVerificationCode { .. }
            | Self::AcceptInvitation { .. }
            | Self::VerifyOneTimePassword { .. }
            | Self::RevealCredentials { .. }
            | Self::GenerateClientSecret { .. }
            | Self::RetireClientSecret { .. } => None,
        }
    }
}

/// Option One: what the admin filled in, and what was drawn for it.
#[derive(Clone, Debug)]
pub struct NewIntegration {
    /// Drawn.
    pub client_id: ClientId,
    /// R6.
    pub name: AppName,
    /// R7.
    pub description: Description,
    /// R8.
    pub category: CategoryCode,
    /// R10.
    pub api_permission: ApiPermission,
    /// R11.
    pub entities: BTreeSet<EntityId>,
    /// When it shall end by itself, if it shall.
    pub ends_at: Option<Timestamp>,
    /// R9, R13.
    pub developer: DeveloperInvite,
}

/// Option Two: what the admin filled in, and what was drawn for it.
#[derive(Clone, Debug)]
pub struct AiqIntegrate {
    /// Drawn.
    pub client_id: ClientId,
    /// R5: the catalogue's entry.
    pub integrate_type: &'static IntegrateType,
    /// R6.
    pub name: AppName,
    /// R7.
    pub description: Description,
    /// R8: for the custom one only.
    pub category: Option<CategoryCode>,
    /// R11.
    pub entities: BTreeSet<EntityId>,
    /// When it shall end by itself, if it shall.
    pub ends_at: Option<Timestamp>,
    /// R12: it is charged.
    pub accept_charges: bool,
    /// R12: the provider's team sees the data.
    pub accept_data_access: bool,
}

/// R9, R13: who shall be the developer, and what was drawn for them.
#[derive(Clone, Debug)]
pub struct DeveloperInvite {
    /// The developer's address.
    pub email: EmailAddress,
    /// The account with that address, if there is one; looked up when the command is tried.
    pub account: Option<DeveloperId>,
    /// Digest of the link's secret, for somebody without an account.
    pub invitation_digest: KeyedDigest,
    /// Digest of the OTP.
    pub otp_digest: KeyedDigest,
}

/// R23: a client secret that was just drawn, without the secret.
#[derive(Clone, Debug)]
pub struct FreshSecret {
    /// Its id.
    pub id: ClientSecretId,
    /// Its first characters, for telling secrets apart.
    pub prefix: String,
    /// Its digest.
    pub digest: KeyedDigest,
}

/// Edit: what shall be different. None leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// R7.
    pub description: Option<Description>,
    /// R8.
    pub category: Option<CategoryCode>,
    /// R11: the whole new list, or what shall be different.
    pub entities: Option<EntitiesEdit>,
    /// Its end date.
    pub end_date: Option<EndDateEdit>,
}

/// What shall become of an application's end date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndDateEdit {
    /// It goes on without an end.
    Remove,
    /// It ends at this moment.
    Set(Timestamp),
}

impl EndDateEdit {
    /// The end date afterwards.
    pub fn ends_at(self) -> Option<Timestamp> {
        match self {
            Self::Remove => None,
            Self::Set(ends_at) => Some(ends_at),
        }
    }
}

/// None removes the end date, as an empty field of a form and a `null` do.
impl From<Option<Timestamp>> for EndDateEdit {
    fn from(ends_at: Option<Timestamp>) -> Self {
        ends_at.map_or(Self::Remove, Self::Set)
    }
}

/// R11: which entities an edit asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntitiesEdit {
    /// These and no others.
    All(BTreeSet<EntityId>),
    /// Some more, some no longer, and all others as they are.
    Difference(EntitiesToChange),
}

/// R11: entities to add, and others to remove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntitiesToChange {
    add: BTreeSet<EntityId>,
    remove: BTreeSet<EntityId>,
}

impl EntitiesToChange {
    /// Both lists; refused with `conflicting_fields` if an entity is in both, because nobody can tell what is meant.
    pub fn parse(add: BTreeSet<EntityId>, remove: BTreeSet<EntityId>) -> Result<Self, FieldProblem> {
        match add.intersection(&remove).next() {
            None => Ok(Self { add, remove }),
            Some(both) => {
                let message = format!("“{both}” is also in “add_entities”. Name it in one of the two.");
                Err(FieldProblem::new("remove_entities", "conflicting_fields", message))
            }
        }
    }

    /// Those to add.
    pub fn add(&self) -> &BTreeSet<EntityId> {
        &self.add
    }

    /// Those to remove.
    pub fn remove(&self) -> &BTreeSet<EntityId> {
        &self.remove
    }
}

impl EntitiesEdit {
    /// Those that have to be the group's for the edit to be granted.
    fn named(&self) -> &BTreeSet<EntityId> {
        match self {
            Self::All(entities) => entities,
            Self::Difference(change) => change.add(),
        }
    }
}
