//! The changes that can take from an application what passes the gate today. A new command is asked about here.

use strum::{EnumString, IntoStaticStr};

use crate::group::GroupCommand;
use crate::integration_app::AppCommand;
use crate::refusal::FieldProblem;

/// What can be rehearsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum ChangeKind {
    /// R11: other entities.
    ChangeEntities,
    /// R27: stopped, reversibly.
    Suspend,
    /// R27: stopped for ever.
    Revoke,
    /// R23: one client secret less.
    RetireClientSecret,
    /// R21: *Revoke Access*, with or without the client secrets.
    RevokeDeveloperAccess,
    /// R25: an entity that the group loses.
    RemoveEntity,
    /// R1: another plan of the group.
    ChangePlan,
    /// R10: as if the permission were *Read*. No command does it, because a permission never changes: it tells what an application
    /// in this one's place could do without.
    NarrowPermission,
}

impl ChangeKind {
    /// Reads one of those that are offered; refused with `required` or `invalid_change`.
    pub fn parse(text: &str, offered: &[Self]) -> Result<Self, FieldProblem> {
        let chosen = text.parse().ok().filter(|kind| offered.contains(kind));
        chosen.ok_or_else(|| {
            let code = if text.is_empty() { "required" } else { "invalid_change" };
            let words: Vec<_> = offered.iter().map(|kind| format!("“{}”", kind.as_str())).collect();
            FieldProblem::new("change", code, format!("Choose one of {}.", words.join(", ")))
        })
    }

    /// Its word on the wire.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// Which change a command about an application is; none of one after which everything passes that passed before.
pub fn kind_of_app_command(command: &AppCommand) -> Option<ChangeKind> {
    match command {
        // An end date is in the future: what passes now passes until then.
        AppCommand::ChangeDetails(changes) => changes.entities.as_ref().map(|_| ChangeKind::ChangeEntities),
        AppCommand::Suspend { .. } => Some(ChangeKind::Suspend),
        AppCommand::Revoke { .. } => Some(ChangeKind::Revoke),
        AppCommand::RetireClientSecret { .. } => Some(ChangeKind::RetireClientSecret),
        AppCommand::RevokeDeveloperAccess { .. } => Some(ChangeKind::RevokeDeveloperAccess),
        AppCommand::CreateNewIntegration(_)
        | AppCommand::CreateAiqIntegrate(_)
        | AppCommand::RegisterDeveloper(_)
        | AppCommand::ResendInvite { .. }
        | AppCommand::InviteAnew { .. }
        | AppCommand::ResetOneTimePassword { .. }
        | AppCommand::Resume { .. }
        | AppCommand::RecordActivityLogDownload { .. }
        | AppCommand::SendVerificationCode { .. }
        | AppCommand::AcceptInvitation { .. }
        | AppCommand::VerifyOneTimePassword { .. }
        | AppCommand::RevealCredentials { .. }
        // The secret before it goes on for the overlap that is asked for.
        | AppCommand::GenerateClientSecret { .. } => None,
    }
}

/// Which change a command about a group is; none of one that is about people, or adds something.
pub fn kind_of_group_command(command: &GroupCommand) -> Option<ChangeKind> {
    match command {
        GroupCommand::Describe { .. } => Some(ChangeKind::ChangePlan),
        GroupCommand::RemoveEntity { .. } => Some(ChangeKind::RemoveEntity),
        GroupCommand::ChangeEntities { remove, .. } => (!remove.is_empty()).then_some(ChangeKind::RemoveEntity),
        GroupCommand::PutEntity { .. }
        | GroupCommand::PutUser { .. }
        | GroupCommand::RemoveUser { .. }
        | GroupCommand::ChangeUsers { .. }
        | GroupCommand::Grant { .. }
        | GroupCommand::Withdraw { .. }
        | GroupCommand::SetPermissions { .. }
        | GroupCommand::IssueUserToken { .. }
        | GroupCommand::RevokeUserToken { .. }
        | GroupCommand::EndUserTokens { .. }
        | GroupCommand::ChooseAttentionMails { .. }
        | GroupCommand::RecordActivityLogDownload { .. } => None,
    }
}
