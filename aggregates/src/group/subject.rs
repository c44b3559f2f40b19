//! What an event of a group is about. Readers ask this first, and pass over what does not concern them as a whole.
//! [`GroupEvent::subject`] is the only list of all events; a new one is given a subject there, and then the compiler asks
//! the readers of that subject.

use super::attention_mails::AttentionMails;
use super::event::GroupEvent;
use super::membership::{Permission, Role};
use super::product_plan::ProductPlan;
use crate::email_address::EmailAddress;
use crate::identifiers::{ApiTokenId, EntityId, UserId};
use crate::text::Label;
use crate::timestamp::Timestamp;

/// What an event is about, with what it changes.
#[derive(Clone, Copy, Debug)]
pub enum GroupSubject<'a> {
    /// R1: the customer as a whole.
    Customer(CustomerEvent<'a>),
    /// R1, R25: one of its companies.
    Entity(&'a EntityId, EntityEvent<'a>),
    /// R2: one of its users.
    User(&'a UserId, UserEvent<'a>),
    /// R28: somebody looked. It moves no version and changes no row.
    AuditedRead,
}

/// R1: name and plan, as they are afterwards.
#[derive(Clone, Copy, Debug)]
pub enum CustomerEvent<'a> {
    Registered {
        name: &'a Label,
        product_plan: &'a ProductPlan,
    },
    Renamed(&'a Label),
    PlanChanged(&'a ProductPlan),
}

/// R1, R25: whether an entity is the group's, and its name.
#[derive(Clone, Copy, Debug)]
pub enum EntityEvent<'a> {
    Added(&'a Label),
    Renamed(&'a Label),
    Removed,
}

/// R2: whether somebody is the group's user.
#[derive(Clone, Copy, Debug)]
pub enum UserEvent<'a> {
    Added {
        email: &'a EmailAddress,
        name: &'a Label,
        role: Role,
    },
    Changed(UserChange<'a>),
    Removed,
}

/// R2: what changed of a user who is there before and afterwards.
#[derive(Clone, Copy, Debug)]
pub enum UserChange<'a> {
    Renamed(&'a Label),
    EmailChanged(&'a EmailAddress),
    /// With the role before: only both tell whether something was taken away.
    RoleChanged {
        before: Role,
        after: Role,
    },
    PermissionGranted(Permission),
    PermissionWithdrawn(Permission),
    AttentionMailsChosen(AttentionMails),
    TokenIssued {
        token_id: ApiTokenId,
        name: &'a Label,
        expires_at: Timestamp,
    },
    TokenRevoked(ApiTokenId),
}

impl GroupEvent {
    /// What it is about.
    pub fn subject(&self) -> GroupSubject<'_> {
        let changed = |user_id, change| GroupSubject::User(user_id, UserEvent::Changed(change));
        match self {
            Self::GroupRegistered { name, product_plan } => {
                GroupSubject::Customer(CustomerEvent::Registered { name, product_plan })
            }
            Self::GroupRenamed { after, .. } => GroupSubject::Customer(CustomerEvent::Renamed(after)),
            Self::ProductPlanChanged { after, .. } => GroupSubject::Customer(CustomerEvent::PlanChanged(after)),

            Self::EntityAdded { entity_id, name } => GroupSubject::Entity(entity_id, EntityEvent::Added(name)),
            Self::EntityRenamed { entity_id, after, .. } => {
                GroupSubject::Entity(entity_id, EntityEvent::Renamed(after))
            }
            Self::EntityRemoved { entity_id, .. } => GroupSubject::Entity(entity_id, EntityEvent::Removed),

            Self::UserAdded {
                user_id,
                email,
                name,
                role,
            } => {
                let role = *role;
                GroupSubject::User(user_id, UserEvent::Added { email, name, role })
            }
            Self::UserRenamed { user_id, after, .. } => changed(user_id, UserChange::Renamed(after)),
            Self::UserEmailChanged { user_id, after, .. } => changed(user_id, UserChange::EmailChanged(after)),
            Self::UserRoleChanged { user_id, before, after } => {
                let (before, after) = (*before, *after);
                changed(user_id, UserChange::RoleChanged { before, after })
            }
            Self::PermissionGranted { user_id, permission } => {
                changed(user_id, UserChange::PermissionGranted(*permission))
            }
            Self::PermissionWithdrawn { user_id, permission } => {
                changed(user_id, UserChange::PermissionWithdrawn(*permission))
            }
            Self::AttentionMailsChosen {
                user_id,
                daily,
                otp_locked,
            } => {
                let mails = AttentionMails {
                    daily: *daily,
                    otp_locked: *otp_locked,
                };
                changed(user_id, UserChange::AttentionMailsChosen(mails))
            }
            Self::UserTokenIssued {
                user_id,
                token_id,
                name,
                expires_at,
            } => {
                let (token_id, expires_at) = (*token_id, *expires_at);
                let issued = UserChange::TokenIssued {
                    token_id,
                    name,
                    expires_at,
                };
                changed(user_id, issued)
            }
            Self::UserTokenRevoked { user_id, token_id } => changed(user_id, UserChange::TokenRevoked(*token_id)),
            Self::UserRemoved { user_id, .. } => GroupSubject::User(user_id, UserEvent::Removed),

            Self::GroupActivityLogDownloaded { .. } => GroupSubject::AuditedRead,
        }
    }

    /// R27: whether it takes something away from somebody, with immediate effect.
    pub fn takes_away(&self) -> bool {
        match self.subject() {
            GroupSubject::Customer(CustomerEvent::PlanChanged(after)) => !after.has_integration_apps(),
            GroupSubject::Entity(_, EntityEvent::Removed) | GroupSubject::User(_, UserEvent::Removed) => true,
            GroupSubject::User(_, UserEvent::Changed(change)) => match change {
                UserChange::PermissionWithdrawn(_) | UserChange::TokenRevoked(_) => true,
                UserChange::RoleChanged { before, after } => before.can_more_than(after),
                UserChange::Renamed(_)
                | UserChange::EmailChanged(_)
                | UserChange::PermissionGranted(_)
                | UserChange::AttentionMailsChosen(_)
                | UserChange::TokenIssued { .. } => false,
            },
            GroupSubject::Customer(CustomerEvent::Registered { .. } | CustomerEvent::Renamed(_))
            | GroupSubject::Entity(_, EntityEvent::Added(_) | EntityEvent::Renamed(_))
            | GroupSubject::User(_, UserEvent::Added { .. })
            | GroupSubject::AuditedRead => false,
        }
    }
}
