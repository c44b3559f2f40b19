//! R1-R4: a group, its product plan, its entities, its users and what they may do.

mod attention_mails;
mod command;
mod decision_inputs;
mod event;
pub mod lists;
mod membership;
mod permissions;
mod product_plan;
mod subject;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use serde::{Deserialize, Serialize};

pub use attention_mails::AttentionMails;
pub use command::{GroupCommand, GroupCommandEnvelope, GroupPrincipal};
pub use decision_inputs::DecisionInputs;
pub use event::{GroupEvent, GroupEventType};
pub use lists::{ListDifference, ListedUser};
pub use membership::{Membership, Permission, Role};
pub use product_plan::{PLAN_WITH_INTEGRATION_APPS, ProductPlan};
pub use subject::{CustomerEvent, EntityEvent, GroupSubject, UserChange, UserEvent};

use crate::email_address::EmailAddress;
use crate::identifiers::{ApiTokenId, EntityId, GroupId, UserId};
use crate::persistent_map::PersistentMap;
use crate::refusal::Refusal;
use crate::text::Label;
use crate::timestamp::Timestamp;
use GroupEvent as Event;

/// A group, before and after it was registered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Group {
    /// Nothing has happened under this id.
    #[default]
    Unregistered,
    /// A customer.
    Registered(Box<Customer>),
}

/// A group that is registered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// Its name.
    pub name: Label,
    /// R1: its plan.
    pub product_plan: ProductPlan,
    /// R1: its entities.
    pub entities: PersistentMap<EntityId, Label>,
    /// R2: its users.
    pub users: PersistentMap<UserId, GroupUser>,
}

/// A user of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupUser {
    /// Their address.
    pub email: EmailAddress,
    /// Their name.
    pub name: Label,
    /// R2: their role.
    pub role: Role,
    /// R2: what was granted to them.
    pub permissions: BTreeSet<Permission>,
    /// Their tokens for the admins' API, by id.
    pub tokens: BTreeMap<ApiTokenId, UserToken>,
    /// Which e-mails about what needs attention they want.
    #[serde(default)]
    pub attention_mails: AttentionMails,
}

/// A user's token for the admins' API, without the token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserToken {
    /// The name it was given.
    pub name: Label,
    /// When it ends by itself.
    pub expires_at: Timestamp,
}

impl GroupUser {
    /// What this user may do, in this group.
    pub fn membership(&self, group_id: GroupId, user_id: UserId) -> Membership {
        Membership {
            group_id,
            user_id,
            role: self.role,
            permissions: self.permissions.clone(),
        }
    }
}

impl Group {
    /// What follows from a command: facts, or a refusal. Pure.
    pub fn decide(&self, envelope: GroupCommandEnvelope) -> Result<Vec<Event>, Refusal> {
        let GroupCommandEnvelope { by, command } = envelope;
        match (self, command) {
            (Self::Unregistered, GroupCommand::Describe { name, product_plan }) => {
                require_operator(&by)?;
                Ok(vec![Event::GroupRegistered { name, product_plan }])
            }
            (Self::Unregistered, _) => Err(Refusal::NotFound),
            (Self::Registered(customer), command) => customer.decide(&by, command),
        }
    }

    /// The customer, if registered.
    pub fn registered(&self) -> Result<&Customer, Refusal> {
        match self {
            Self::Unregistered => Err(Refusal::NotFound),
            Self::Registered(customer) => Ok(customer),
        }
    }
}

impl Customer {
    fn decide(&self, by: &GroupPrincipal, command: GroupCommand) -> Result<Vec<Event>, Refusal> {
        match command {
            GroupCommand::Grant { user_id, permission } => self.grant(by, user_id, permission),
            GroupCommand::Withdraw { user_id, permission } => self.withdraw(by, user_id, permission),
            GroupCommand::SetPermissions { user_id, permissions } => self.set_permissions(by, &user_id, &permissions),
            GroupCommand::ChooseAttentionMails { user_id, mails } => self.choose_attention_mails(by, user_id, mails),
            GroupCommand::RecordActivityLogDownload { format, from, to } => {
                if let GroupPrincipal::GroupUser(membership) = by {
                    membership.require_reader()?;
                }
                Ok(vec![Event::GroupActivityLogDownloaded { format, from, to }])
            }
            GroupCommand::IssueUserToken { ref user_id, .. }
            | GroupCommand::RevokeUserToken { ref user_id, .. }
            | GroupCommand::EndUserTokens { ref user_id } => {
                require_operator_or_oneself(by, user_id)?;
                self.decide_for_operator(command)
            }
            command => {
                require_operator(by)?;
                self.decide_for_operator(command)
            }
        }
    }

    fn decide_for_operator(&self, command: GroupCommand) -> Result<Vec<Event>, Refusal> {
        match command {
            GroupCommand::Describe { name, product_plan } => Ok(self.described(name, product_plan)),
            GroupCommand::PutEntity { entity_id, name } => Ok(self.entity_put(entity_id, name)),
            GroupCommand::RemoveEntity { entity_id } => {
                let name = self.entities.get(&entity_id).ok_or(Refusal::NotFound)?.clone();
                Ok(vec![Event::EntityRemoved { entity_id, name }])
            }
            GroupCommand::PutUser {
                user_id,
                email,
                name,
                role,
            } => Ok(self.user_put(user_id, email, name, role)),
            GroupCommand::ChangeEntities { put, remove } => Ok(self.change_entities(put, &remove)),
            GroupCommand::ChangeUsers { put, remove } => Ok(self.change_users(put, &remove)),
            GroupCommand::RemoveUser { user_id } => {
                let name = self.user(&user_id)?.name.clone();
                Ok(vec![Event::UserRemoved {
                    user_id,
                    name: name.into(),
                }])
            }
            GroupCommand::IssueUserToken {
                user_id,
                token_id,
                name,
                expires_at,
            } => {
                self.user(&user_id)?;
                Ok(vec![Event::UserTokenIssued {
                    user_id,
                    token_id,
                    name,
                    expires_at,
                }])
            }
            GroupCommand::RevokeUserToken { user_id, token_id } => {
                self.user(&user_id)?.tokens.get(&token_id).ok_or(Refusal::NotFound)?;
                Ok(vec![Event::UserTokenRevoked { user_id, token_id }])
            }
            GroupCommand::EndUserTokens { user_id } => {
                let tokens = self.user(&user_id)?.tokens.keys();
                let ended = tokens.map(|token_id| Event::UserTokenRevoked {
                    user_id: user_id.clone(),
                    token_id: *token_id,
                });
                Ok(ended.collect())
            }
            GroupCommand::Grant { .. }
            | GroupCommand::Withdraw { .. }
            | GroupCommand::SetPermissions { .. }
            | GroupCommand::ChooseAttentionMails { .. }
            | GroupCommand::RecordActivityLogDownload { .. } => Err(Refusal::NotFound),
        }
    }

    fn described(&self, name: Label, product_plan: ProductPlan) -> Vec<Event> {
        let mut events = Vec::new();
        if name != self.name {
            events.push(Event::GroupRenamed {
                before: self.name.clone(),
                after: name,
            });
        }
        if product_plan != self.product_plan {
            events.push(Event::ProductPlanChanged {
                before: self.product_plan.clone(),
                after: product_plan,
            });
        }
        events
    }

    fn entity_put(&self, entity_id: EntityId, name: Label) -> Vec<Event> {
        match self.entities.get(&entity_id) {
            None => vec![Event::EntityAdded { entity_id, name }],
            Some(before) if *before == name => Vec::new(),
            Some(before) => vec![Event::EntityRenamed {
                entity_id,
                before: before.clone(),
                after: name,
            }],
        }
    }

    fn user_put(&self, user_id: UserId, email: EmailAddress, name: Label, role: Role) -> Vec<Event> {
        let Some(user) = self.users.get(&user_id) else {
            return vec![Event::UserAdded {
                user_id,
                email: email.into(),
                name: name.into(),
                role,
            }];
        };
        let mut events = Vec::new();
        if user.name != name {
            events.push(Event::UserRenamed {
                user_id: user_id.clone(),
                before: user.name.clone(),
                after: name,
            });
        }
        if user.email.as_str() != email.as_str() {
            let before = user.email.clone();
            events.push(Event::UserEmailChanged {
                user_id: user_id.clone(),
                before,
                after: email,
            });
        }
        if user.role != role {
            events.push(Event::UserRoleChanged {
                user_id,
                before: user.role,
                after: role,
            });
        }
        events
    }

    fn user(&self, user_id: &UserId) -> Result<&GroupUser, Refusal> {
        self.users.get(user_id).ok_or(Refusal::NotFound)
    }

    /// The group as it is registered.
    pub fn registered(name: &Label, product_plan: &ProductPlan) -> Self {
        Self {
            name: name.clone(),
            product_plan: product_plan.clone(),
            entities: PersistentMap::new(),
            users: PersistentMap::new(),
        }
    }

    /// How events change the group; the same for the aggregate and for the rows.
    pub fn record(&mut self, event: GroupSubject<'_>) {
        match event {
            GroupSubject::Customer(event) => match event {
                CustomerEvent::Registered { name, product_plan } => {
                    (self.name, self.product_plan) = (name.clone(), product_plan.clone());
                }
                CustomerEvent::Renamed(after) => self.name = after.clone(),
                CustomerEvent::PlanChanged(after) => self.product_plan = after.clone(),
            },
            GroupSubject::Entity(entity_id, EntityEvent::Added(name) | EntityEvent::Renamed(name)) => {
                self.entities.insert(entity_id.clone(), name.clone());
            }
            GroupSubject::Entity(entity_id, EntityEvent::Removed) => {
                self.entities.remove(entity_id);
            }
            GroupSubject::User(user_id, UserEvent::Added { email, name, role }) => {
                self.users.insert(user_id.clone(), GroupUser::added(email, name, role));
            }
            GroupSubject::User(user_id, UserEvent::Changed(change)) => {
                self.users.change(user_id, |user| user.record(change));
            }
            GroupSubject::User(user_id, UserEvent::Removed) => {
                self.users.remove(user_id);
            }
            GroupSubject::AuditedRead => {}
        }
    }
}

impl GroupUser {
    fn added(email: &EmailAddress, name: &Label, role: Role) -> Self {
        Self {
            email: email.clone(),
            name: name.clone(),
            role,
            permissions: BTreeSet::new(),
            tokens: BTreeMap::new(),
            attention_mails: AttentionMails::default(),
        }
    }

    fn record(&mut self, change: UserChange<'_>) {
        match change {
            UserChange::Renamed(after) => self.name = after.clone(),
            UserChange::EmailChanged(after) => self.email = after.clone(),
            UserChange::RoleChanged { after, .. } => self.role = after,
            UserChange::PermissionGranted(permission) => {
                self.permissions.insert(permission);
            }
            UserChange::PermissionWithdrawn(permission) => {
                self.permissions.remove(&permission);
            }
            UserChange::AttentionMailsChosen(mails) => self.attention_mails = mails,
            UserChange::TokenIssued {
                token_id,
                name,
                expires_at,
            } => {
                let name = name.clone();
                self.tokens.insert(token_id, UserToken { name, expires_at });
            }
            UserChange::TokenRevoked(token_id) => {
                self.tokens.remove(&token_id);
            }
        }
    }
}

/// Users make and end their own tokens, nobody else's.
fn require_operator_or_oneself(by: &GroupPrincipal, user_id: &UserId) -> Result<(), Refusal> {
    match by {
        GroupPrincipal::GroupUser(membership) if membership.user_id == *user_id => Ok(()),
        by => require_operator(by),
    }
}

fn require_operator(by: &GroupPrincipal) -> Result<(), Refusal> {
    match by {
        GroupPrincipal::Operator => Ok(()),
        GroupPrincipal::GroupUser(_) => Err(Refusal::NotFound),
    }
}

impl Aggregate for Group {
    const TYPE: &'static str = "Group";
    type Command = GroupCommandEnvelope;
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
            (Self::Unregistered, GroupSubject::Customer(CustomerEvent::Registered { name, product_plan })) => {
                *self = Self::Registered(Box::new(Customer::registered(name, product_plan)));
            }
            (Self::Unregistered, _) => {}
            (Self::Registered(customer), subject) => customer.record(subject),
        }
    }
}
