//! R1, R2: a group's entities or users as a whole list: what has to happen for the group to have these and no others.

use std::collections::{BTreeMap, BTreeSet};

use super::{Customer, GroupCommand, GroupEvent as Event, GroupUser, Role};
use crate::email_address::EmailAddress;
use crate::identifiers::{EntityId, UserId};
use crate::persistent_map::PersistentMap;
use crate::refusal::Refusal;
use crate::text::Label;

/// A list may remove up to this part of what is there without being asked back: one of two.
const UNASKED_REMOVAL_OF: usize = 2;

/// A user as a list describes them. Their permissions are granted by the group itself, and are in no list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedUser {
    /// Their address.
    pub email: EmailAddress,
    /// Their name.
    pub name: Label,
    /// R2: their role.
    pub role: Role,
}

/// What a whole list changes. `Key` tells which, `Listed` what each is like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListDifference<Key, Listed> {
    /// Those that are new.
    pub add: Vec<(Key, Listed)>,
    /// Those that are other than they are in the group.
    pub change: Vec<(Key, Listed)>,
    /// Those that the group has and the list has not.
    pub remove: Vec<Key>,
    /// How many are in the group as the list has them.
    pub unchanged: usize,
    /// How many the group has.
    there: usize,
}

impl<Key, Listed> ListDifference<Key, Listed> {
    /// An empty or cut list must not take everybody's access away: whoever removes more than half says exactly how many.
    pub fn require_confirmed(&self, confirmed: Option<usize>) -> Result<(), Refusal> {
        let (needed, there) = (self.remove.len(), self.there);
        if needed * UNASKED_REMOVAL_OF <= there || confirmed == Some(needed) {
            return Ok(());
        }
        Err(Refusal::RemovalUnconfirmed { needed, there })
    }
}

impl Customer {
    /// What makes these the group's entities, and no others.
    pub fn difference_to_entities(&self, list: BTreeMap<EntityId, Label>) -> ListDifference<EntityId, Label> {
        difference(&self.entities, list, |name, listed| name == listed)
    }

    /// What makes these the group's users, and no others.
    pub fn difference_to_users(&self, list: BTreeMap<UserId, ListedUser>) -> ListDifference<UserId, ListedUser> {
        difference(&self.users, list, is_as_listed)
    }

    /// Puts these entities, and takes out those of the others that are still there. Asked again, it gives no fact.
    pub(super) fn change_entities(&self, put: Vec<(EntityId, Label)>, remove: &BTreeSet<EntityId>) -> Vec<Event> {
        let there = remove.iter().filter_map(|id| self.entities.get_key_value(id));
        let removed = there.map(|(entity_id, name)| Event::EntityRemoved {
            entity_id: entity_id.clone(),
            name: name.clone(),
        });
        let put = put.into_iter().flat_map(|(id, name)| self.entity_put(id, name));
        removed.chain(put).collect()
    }

    /// Puts these users, and takes out those of the others that are still there. Asked again, it gives no fact.
    pub(super) fn change_users(&self, put: Vec<(UserId, ListedUser)>, remove: &BTreeSet<UserId>) -> Vec<Event> {
        let there = remove.iter().filter_map(|id| self.users.get_key_value(id));
        let removed = there.map(|(user_id, user)| Event::UserRemoved {
            user_id: user_id.clone(),
            name: user.name.clone().into(),
        });
        let put = put.into_iter().flat_map(|(id, listed)| {
            let ListedUser { email, name, role } = listed;
            self.user_put(id, email, name, role)
        });
        removed.chain(put).collect()
    }
}

fn is_as_listed(user: &GroupUser, listed: &ListedUser) -> bool {
    user.name == listed.name && user.email.as_str() == listed.email.as_str() && user.role == listed.role
}

fn difference<Key: Ord + Clone, Has, Listed>(
    has: &PersistentMap<Key, Has>,
    list: BTreeMap<Key, Listed>,
    is_same: impl Fn(&Has, &Listed) -> bool,
) -> ListDifference<Key, Listed> {
    let remove = has.keys().filter(|key| !list.contains_key(*key)).cloned().collect();
    let (mut add, mut change, mut unchanged) = (Vec::new(), Vec::new(), 0);
    for (key, listed) in list {
        match has.get(&key) {
            None => add.push((key, listed)),
            Some(has) if is_same(has, &listed) => unchanged += 1,
            Some(_) => change.push((key, listed)),
        }
    }
    ListDifference {
        add,
        change,
        remove,
        unchanged,
        there: has.len(),
    }
}

/// How many facts one command may give: so many are written within the time that others may have to wait for the log.
pub const FACTS_AT_ONCE: usize = 1_000;

/// How many facts a user who is there already can give: name, address and role each have their own.
const FACTS_OF_A_USER: usize = 3;

impl ListDifference<EntityId, Label> {
    /// The commands that make the difference, each of at most [`FACTS_AT_ONCE`] facts: first what is taken away.
    pub fn commands(self) -> Vec<GroupCommand> {
        let remove = pieces(self.remove, FACTS_AT_ONCE).map(|remove| GroupCommand::ChangeEntities {
            put: Vec::new(),
            remove: remove.into_iter().collect(),
        });
        // A new name is one fact, whether the entity is new or not.
        let put = self.change.into_iter().chain(self.add).collect();
        let put = pieces(put, FACTS_AT_ONCE).map(|put| GroupCommand::ChangeEntities {
            put,
            remove: BTreeSet::new(),
        });
        remove.chain(put).collect()
    }
}

impl ListDifference<UserId, ListedUser> {
    /// The commands that make the difference, each of at most [`FACTS_AT_ONCE`] facts: first what is taken away.
    pub fn commands(self) -> Vec<GroupCommand> {
        let remove = pieces(self.remove, FACTS_AT_ONCE).map(|remove| GroupCommand::ChangeUsers {
            put: Vec::new(),
            remove: remove.into_iter().collect(),
        });
        let change = pieces(self.change, FACTS_AT_ONCE / FACTS_OF_A_USER);
        let put = change.chain(pieces(self.add, FACTS_AT_ONCE));
        let put = put.map(|put| GroupCommand::ChangeUsers {
            put,
            remove: BTreeSet::new(),
        });
        remove.chain(put).collect()
    }
}

/// The items, so many at a time.
fn pieces<T>(items: Vec<T>, at_once: usize) -> impl Iterator<Item = Vec<T>> {
    let mut items = items.into_iter().peekable();
    std::iter::from_fn(move || {
        items.peek()?;
        Some(items.by_ref().take(at_once).collect())
    })
}
