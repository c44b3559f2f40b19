//! Whole lists of a group's entities or users, from the system that knows the customers. Only what is different is written,
//! in several appends, so that nobody waits long for the log. A run that was cut can be repeated, and goes on where it was.

use std::collections::{BTreeMap, BTreeSet};

use gatebook_aggregates::group::{
    EntityEvent, GroupCommand, GroupEvent, GroupSubject, ListDifference, ListedUser, UserEvent,
};
use gatebook_aggregates::identifiers::{EntityId, GroupId, UserId};
use gatebook_aggregates::refusal::Refusal;
use gatebook_aggregates::text::Label;

use crate::application::authorization::Operator;
use crate::application::command::request::CommandRequest;
use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;
use crate::log::VersionCondition;

/// What a list has changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListChanges {
    /// How many are new.
    pub added: usize,
    /// How many have another name, or for users another address or role.
    pub changed: usize,
    /// How many are gone.
    pub removed: usize,
    /// How many were as the list has them.
    pub unchanged: usize,
    /// The group's version afterwards.
    pub version: i64,
}

impl Gatebook {
    /// R1: makes these the group's entities, and no others.
    ///
    /// # Errors
    /// `RemovalUnconfirmed` if more than half would be removed and `confirmed` is not exactly how many. What has been written
    /// when a later part fails stays; the list can be sent again.
    pub async fn put_entities(
        &self,
        operator: Operator<'_>,
        group_id: &GroupId,
        list: BTreeMap<EntityId, Label>,
        confirmed: Option<usize>,
    ) -> Result<ListChanges, Failure> {
        let difference = |customer: &gatebook_aggregates::group::Customer| {
            let difference = customer.difference_to_entities(list);
            prepared(difference, confirmed, ListDifference::<EntityId, Label>::commands)
        };
        self.put_list(operator, group_id, difference).await
    }

    /// R2: makes these the group's users, and no others. Permissions stay as they are.
    ///
    /// # Errors
    /// As for [`put_entities`](Self::put_entities).
    pub async fn put_users(
        &self,
        operator: Operator<'_>,
        group_id: &GroupId,
        list: BTreeMap<UserId, ListedUser>,
        confirmed: Option<usize>,
    ) -> Result<ListChanges, Failure> {
        let difference = |customer: &gatebook_aggregates::group::Customer| {
            let difference = customer.difference_to_users(list);
            prepared(difference, confirmed, ListDifference::<UserId, ListedUser>::commands)
        };
        self.put_list(operator, group_id, difference).await
    }

    async fn put_list(
        &self,
        operator: Operator<'_>,
        group_id: &GroupId,
        difference: impl FnOnce(&gatebook_aggregates::group::Customer) -> Result<Prepared, Refusal>,
    ) -> Result<ListChanges, Failure> {
        // Two lists at once would each undo what the other does.
        let _turn = self.locks.lock(&format!("lists of {group_id}")).await;
        let group = self.group(group_id).await?.ok_or(Refusal::NotFound)?;
        let mut caller = operator.caller.clone();
        caller.conditions.if_match.require(group.version)?;
        let Prepared { commands, unchanged } = difference(&group.customer)?;
        let mut changes = ListChanges {
            unchanged,
            version: group.version,
            ..ListChanges::default()
        };
        for command in commands {
            let done = self.run_group(group_id, CommandRequest::new(&caller, command)).await?;
            changes.count(&done.events);
            changes.version = done.version;
            // The version that was seen is the one before the first append.
            caller.conditions.if_match = VersionCondition::Any;
        }
        Ok(changes)
    }
}

/// The commands that make a list the group's own.
struct Prepared {
    commands: Vec<GroupCommand>,
    unchanged: usize,
}

fn prepared<Key, Listed>(
    difference: ListDifference<Key, Listed>,
    confirmed: Option<usize>,
    commands: impl FnOnce(ListDifference<Key, Listed>) -> Vec<GroupCommand>,
) -> Result<Prepared, Refusal> {
    difference.require_confirmed(confirmed)?;
    let unchanged = difference.unchanged;
    Ok(Prepared {
        commands: commands(difference),
        unchanged,
    })
}

impl ListChanges {
    /// Counts what events tell. All events of one user come together, from one command.
    fn count(&mut self, events: &[GroupEvent]) {
        let mut changed_users = BTreeSet::new();
        for event in events {
            match event.subject() {
                GroupSubject::Entity(_, EntityEvent::Added(_)) | GroupSubject::User(_, UserEvent::Added { .. }) => {
                    self.added += 1;
                }
                GroupSubject::Entity(_, EntityEvent::Removed) | GroupSubject::User(_, UserEvent::Removed) => {
                    self.removed += 1;
                }
                GroupSubject::Entity(_, EntityEvent::Renamed(_)) => self.changed += 1,
                GroupSubject::User(user_id, UserEvent::Changed(_)) => drop(changed_users.insert(user_id)),
                GroupSubject::Customer(_) | GroupSubject::AuditedRead => {}
            }
        }
        self.changed += changed_users.len();
    }
}
