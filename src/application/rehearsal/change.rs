//! The changes that can be rehearsed, and the real command of each.

use gatebook_aggregates::group::{Customer, GroupCommand, ProductPlan};
use gatebook_aggregates::identifiers::{ClientSecretId, EntityId};
use gatebook_aggregates::integration_app::{AppCommand, Changes};
use gatebook_aggregates::text::Reason;

/// A change of an application.
#[derive(Clone, Debug)]
pub enum AppChange {
    /// R7, R8, R11: *Edit*; what it stops is what it takes of the entities.
    Edit(Changes),
    /// R27: *Suspend*.
    Suspend,
    /// R27: *Revoke*.
    Revoke,
    /// R23: one client secret less.
    RetireClientSecret(ClientSecretId),
    /// R21: *Revoke Access*.
    RevokeDeveloperAccess {
        /// Whether the client secrets end, too.
        retire_client_secrets: bool,
    },
    /// R10: as if the permission were *Read*. There is no such command.
    NarrowPermission,
}

/// A change of a group.
#[derive(Clone, Debug)]
pub enum GroupChange {
    /// R25: the group loses an entity.
    RemoveEntity(EntityId),
    /// R1: another plan.
    ChangePlan(ProductPlan),
}

impl AppChange {
    /// The command whose events the facts are folded from.
    pub(super) fn command(self) -> Option<AppCommand> {
        Some(match self {
            Self::Edit(changes) => AppCommand::ChangeDetails(changes),
            Self::Suspend => AppCommand::Suspend { reason: reason() },
            Self::Revoke => AppCommand::Revoke { reason: reason() },
            Self::RetireClientSecret(client_secret_id) => AppCommand::RetireClientSecret { client_secret_id },
            Self::RevokeDeveloperAccess { retire_client_secrets } => {
                AppCommand::RevokeDeveloperAccess { retire_client_secrets }
            }
            Self::NarrowPermission => return None,
        })
    }
}

impl GroupChange {
    /// The command whose events the facts are folded from.
    pub(super) fn command(self, customer: &Customer) -> GroupCommand {
        match self {
            Self::RemoveEntity(entity_id) => GroupCommand::RemoveEntity { entity_id },
            Self::ChangePlan(product_plan) => GroupCommand::Describe {
                name: customer.name.clone(),
                product_plan,
            },
        }
    }

    /// The only entity that it is about, if there is one.
    pub(super) fn entity(&self) -> Option<&EntityId> {
        match self {
            Self::RemoveEntity(entity_id) => Some(entity_id),
            Self::ChangePlan(_) => None,
        }
    }
}

/// What operators must give and nobody reads, because the command is not committed.
fn reason() -> Option<Reason> {
    Reason::parse("Rehearsal").ok().flatten()
}
