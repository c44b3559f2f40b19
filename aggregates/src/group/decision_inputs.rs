//! R26: what a decision takes from the group of whoever asks for it, and what would take it away.

use std::collections::BTreeSet;

use super::{CustomerEvent, EntityEvent, GroupEvent, GroupSubject, UserChange, UserEvent};
use crate::identifiers::{EntityId, UserId};

/// What a decision stands on of a group, apart from its plan, on which all of them stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DecisionInputs {
    /// R2, R3: the user who asks, with what they may do.
    pub user_id: Option<UserId>,
    /// R11: the entities that are named.
    pub entities: BTreeSet<EntityId>,
}

impl DecisionInputs {
    /// The decision inputs of what a user asks for without naming an entity.
    pub fn of_user(user_id: UserId) -> Self {
        Self {
            user_id: Some(user_id),
            entities: BTreeSet::new(),
        }
    }

    /// Whether a decision has to be made again after this fact. Whatever else happens in a group, be it a thousand
    /// entities that are added, is nothing to the applications that change at the same moment.
    pub fn is_invalidated_by(&self, fact: &GroupEvent) -> bool {
        match fact.subject() {
            GroupSubject::Customer(CustomerEvent::Registered { .. } | CustomerEvent::PlanChanged(_)) => true,
            GroupSubject::Entity(entity_id, EntityEvent::Removed) => self.entities.contains(entity_id),
            GroupSubject::User(user_id, UserEvent::Removed) => self.user_id.as_ref() == Some(user_id),
            GroupSubject::User(user_id, UserEvent::Changed(change)) => match change {
                UserChange::RoleChanged { .. } | UserChange::EmailChanged(_) | UserChange::PermissionWithdrawn(_) => {
                    self.user_id.as_ref() == Some(user_id)
                }
                UserChange::Renamed(_)
                | UserChange::PermissionGranted(_)
                | UserChange::AttentionMailsChosen(_)
                | UserChange::TokenIssued { .. }
                | UserChange::TokenRevoked(_) => false,
            },
            GroupSubject::Customer(CustomerEvent::Renamed(_))
            | GroupSubject::Entity(_, EntityEvent::Added(_) | EntityEvent::Renamed(_))
            | GroupSubject::User(_, UserEvent::Added { .. })
            | GroupSubject::AuditedRead => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::email_address::EmailAddress;
    use crate::group::{Permission, ProductPlan, Role};
    use crate::identifiers::ApiTokenId;
    use crate::text::Label;

    fn user(id: &str) -> UserId {
        UserId::parse(id).unwrap()
    }

    fn entity(id: &str) -> EntityId {
        EntityId::parse(id).unwrap()
    }

    fn name(text: &str) -> Label {
        Label::parse("name", text).unwrap()
    }

    fn email(text: &str) -> EmailAddress {
        EmailAddress::parse("email", text).unwrap()
    }

    fn ada_opens_berlin() -> DecisionInputs {
        DecisionInputs {
            entities: [entity("berlin")].into(),
            ..DecisionInputs::of_user(user("ada"))
        }
    }

    fn removed(id: &str) -> GroupEvent {
        let (entity_id, name) = (entity(id), name("Berlin"));
        GroupEvent::EntityRemoved { entity_id, name }
    }

    fn facts_about(id: &str) -> [GroupEvent; 4] {
        let (user_id, permission) = (user(id), Permission::ManageIntegrationApplications);
        [
            GroupEvent::UserRemoved {
                user_id: user_id.clone(),
                name: name("Ada Admin").into(),
            },
            GroupEvent::UserRoleChanged {
                user_id: user_id.clone(),
                before: Role::PracticeAdmin,
                after: Role::User,
            },
            GroupEvent::UserEmailChanged {
                user_id: user_id.clone(),
                before: email("ada@acme.example"),
                after: email("ada@elsewhere.example"),
            },
            GroupEvent::PermissionWithdrawn { user_id, permission },
        ]
    }

    #[test]
    fn r26_a_decision_falls_with_the_plan_the_principals_standing_and_the_entities_it_names() {
        let plan = |code| ProductPlan::parse(code).unwrap();
        let off = GroupEvent::ProductPlanChanged {
            before: plan("AIQ3"),
            after: plan("AIQ2"),
        };
        assert!(DecisionInputs::default().is_invalidated_by(&off));
        assert!(ada_opens_berlin().is_invalidated_by(&removed("berlin")));
        for fact in facts_about("ada") {
            assert!(ada_opens_berlin().is_invalidated_by(&fact), "{fact:?}");
        }
    }

    #[test]
    fn r26_a_decision_stands_whatever_happens_to_others_in_the_group() {
        assert!(!ada_opens_berlin().is_invalidated_by(&removed("paris")));
        assert!(!DecisionInputs::of_user(user("ada")).is_invalidated_by(&removed("berlin")));
        for fact in facts_about("otto") {
            assert!(!ada_opens_berlin().is_invalidated_by(&fact), "{fact:?}");
        }
        let (token_id, permission) = (ApiTokenId::from_uuid(uuid::Uuid::nil()), Permission::ViewActivityLogs);
        for fact in [
            GroupEvent::EntityAdded {
                entity_id: entity("berlin"),
                name: name("Berlin"),
            },
            GroupEvent::UserTokenIssued {
                user_id: user("ada"),
                token_id,
                name: name("script"),
                expires_at: crate::timestamp::Timestamp::parse("2027-11-23T09:00:00.000Z").unwrap(),
            },
            GroupEvent::PermissionGranted {
                user_id: user("ada"),
                permission,
            },
        ] {
            assert!(!ada_opens_berlin().is_invalidated_by(&fact), "{fact:?}");
        }
    }
}
