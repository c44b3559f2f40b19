//! The facts of a group. Their JSON is kept for ever: never rename, only add.

use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};
use strum::{EnumDiscriminants, EnumString, IntoStaticStr, VariantNames};

use super::membership::{Permission, Role};
use super::product_plan::ProductPlan;
use crate::email_address::EmailAddress;
use crate::identifiers::{ApiTokenId, EntityId, UserId};
use crate::log_format::LogFormat;
use crate::personal::Personal;
use crate::text::Label;
use crate::timestamp::Timestamp;

/// One fact, one business reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, VariantNames, EnumDiscriminants)]
#[strum_discriminants(name(GroupEventType), derive(EnumString), doc = "The names of the events.")]
#[serde(deny_unknown_fields)]
pub enum GroupEvent {
    /// R1: a customer.
    GroupRegistered { name: Label, product_plan: ProductPlan },
    /// The customer's name changed.
    GroupRenamed { before: Label, after: Label },
    /// R1: on or off the plan, with immediate effect.
    ProductPlanChanged { before: ProductPlan, after: ProductPlan },
    /// R1: a company of the customer.
    EntityAdded { entity_id: EntityId, name: Label },
    /// The company's name changed.
    EntityRenamed {
        entity_id: EntityId,
        before: Label,
        after: Label,
    },
    /// R25: no longer the group's, with immediate effect.
    EntityRemoved { entity_id: EntityId, name: Label },
    /// R2: somebody who works for the customer.
    UserAdded {
        user_id: UserId,
        email: Personal<EmailAddress>,
        name: Personal<Label>,
        role: Role,
    },
    /// The user's name changed.
    UserRenamed {
        user_id: UserId,
        before: Label,
        after: Label,
    },
    /// The user's address changed.
    UserEmailChanged {
        user_id: UserId,
        before: EmailAddress,
        after: EmailAddress,
    },
    /// R2: the user's role changed.
    UserRoleChanged { user_id: UserId, before: Role, after: Role },
    /// The user is gone, with tokens and permissions.
    UserRemoved { user_id: UserId, name: Personal<Label> },
    /// R2: granted by a Practice Admin.
    PermissionGranted { user_id: UserId, permission: Permission },
    /// R2: withdrawn by a Practice Admin.
    PermissionWithdrawn { user_id: UserId, permission: Permission },
    /// A user said which e-mails they want about what needs attention.
    AttentionMailsChosen {
        user_id: UserId,
        daily: bool,
        otp_locked: bool,
    },
    /// A token for the admins' API was made and shown once.
    UserTokenIssued {
        user_id: UserId,
        token_id: ApiTokenId,
        name: Label,
        expires_at: Timestamp,
    },
    /// That token ended.
    UserTokenRevoked { user_id: UserId, token_id: ApiTokenId },
    /// R28: somebody downloaded the group's log.
    GroupActivityLogDownloaded {
        format: LogFormat,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    },
}

impl GroupEvent {
    /// R28: the names of the facts that somebody looked. They change nothing, so that they do not move the version either.
    pub const AUDITED_READS: &'static [&'static str] = &["GroupActivityLogDownloaded"];
}

impl DomainEvent for GroupEvent {
    fn event_type(&self) -> String {
        <&str>::from(self).to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}
