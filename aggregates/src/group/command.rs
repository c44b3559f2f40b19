//! What may be asked of a group, and by whom.

use std::collections::BTreeSet;

use strum::AsRefStr;

use super::attention_mails::AttentionMails;
use super::lists::ListedUser;
use super::membership::{Membership, Permission, Role};
use super::product_plan::ProductPlan;
use crate::email_address::EmailAddress;
use crate::identifiers::{ApiTokenId, EntityId, UserId};
use crate::log_format::LogFormat;
use crate::text::Label;
use crate::timestamp::Timestamp;

/// A command about a group, and who asks.
#[derive(Clone, Debug)]
pub struct GroupCommandEnvelope {
    /// Who asks.
    pub by: GroupPrincipal,
    /// What is asked.
    pub command: GroupCommand,
}

/// Who asks something of a group.
#[derive(Clone, Debug)]
pub enum GroupPrincipal {
    /// The team that runs Gatebook, for the system that knows the customers.
    Operator,
    /// A user of this group.
    GroupUser(Membership),
}

/// What is asked of a group.
#[derive(Clone, Debug, AsRefStr)]
pub enum GroupCommand {
    /// Registers the group, or brings its name and plan up to date.
    Describe { name: Label, product_plan: ProductPlan },
    /// Adds or renames an entity.
    PutEntity { entity_id: EntityId, name: Label },
    /// Takes an entity out of the group.
    RemoveEntity { entity_id: EntityId },
    /// Adds a user, or brings their data up to date.
    PutUser {
        user_id: UserId,
        email: EmailAddress,
        name: Label,
        role: Role,
    },
    /// Takes a user out of the group.
    RemoveUser { user_id: UserId },
    /// A part of a whole list: adds and renames some entities, and takes others out.
    ChangeEntities {
        put: Vec<(EntityId, Label)>,
        remove: BTreeSet<EntityId>,
    },
    /// A part of a whole list: adds some users or brings their data up to date, and takes others out.
    ChangeUsers {
        put: Vec<(UserId, ListedUser)>,
        remove: BTreeSet<UserId>,
    },
    /// R2: grants a permission.
    Grant { user_id: UserId, permission: Permission },
    /// R2: withdraws a permission.
    Withdraw { user_id: UserId, permission: Permission },
    /// R2: grants and withdraws until the user has these permissions and no others.
    SetPermissions {
        user_id: UserId,
        permissions: BTreeSet<Permission>,
    },
    /// Says which e-mails about what needs attention a user wants.
    ChooseAttentionMails { user_id: UserId, mails: AttentionMails },
    /// Makes a token for the admins' API.
    IssueUserToken {
        user_id: UserId,
        token_id: ApiTokenId,
        name: Label,
        /// When it ends by itself.
        expires_at: Timestamp,
    },
    /// Ends such a token.
    RevokeUserToken { user_id: UserId, token_id: ApiTokenId },
    /// End all of a user's tokens.
    EndUserTokens {
        /// Whose.
        user_id: UserId,
    },
    /// R28: takes note that the group's log is downloaded.
    RecordActivityLogDownload {
        format: LogFormat,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    },
}

impl GroupCommand {
    /// R27: whether it stops something: a plan that is lost, an entity, a user, or what a user may do. Nobody can be in the
    /// way of that.
    pub fn stops(&self) -> bool {
        match self {
            Self::Describe { .. }
            | Self::RemoveEntity { .. }
            | Self::ChangeUsers { .. }
            | Self::RemoveUser { .. }
            | Self::RevokeUserToken { .. }
            | Self::EndUserTokens { .. }
            | Self::Withdraw { .. }
            | Self::SetPermissions { .. } => true,
            Self::ChangeEntities { remove, .. } => !remove.is_empty(),
            Self::PutEntity { .. }
            | Self::PutUser { .. }
            | Self::ChooseAttentionMails { .. }
            | Self::IssueUserToken { .. }
            | Self::Grant { .. }
            | Self::RecordActivityLogDownload { .. } => false,
        }
    }
}
