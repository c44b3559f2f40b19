//! R1, R2: whole lists of entities and users.

use std::collections::BTreeMap;

use super::*;
use crate::group::lists::{FACTS_AT_ONCE, ListedUser};

fn entity(id: &str) -> EntityId {
    EntityId::parse(id).unwrap()
}

fn registered() -> Event {
    Event::GroupRegistered {
        name: label("Acme"),
        product_plan: plan("AIQ3"),
    }
}

fn added(id: &str, name: &str) -> Event {
    Event::EntityAdded {
        entity_id: entity(id),
        name: label(name),
    }
}

fn labels(entities: &[(&str, &str)]) -> BTreeMap<EntityId, Label> {
    entities.iter().map(|(id, name)| (entity(id), label(name))).collect()
}

fn people(users: &[(&str, &str, Role)]) -> BTreeMap<UserId, ListedUser> {
    let listed = |(id, name, role): &(&str, &str, Role)| {
        let listed = ListedUser {
            email: email(&format!("{id}@acme.example")),
            name: label(name),
            role: *role,
        };
        (user_id(id), listed)
    };
    users.iter().map(listed).collect()
}

/// The customer after these facts.
fn customer(facts: Vec<Event>) -> Customer {
    let mut group = Group::default();
    facts.into_iter().for_each(|fact| group.apply(fact));
    group.registered().unwrap().clone()
}

/// The facts of all commands, one after the other.
fn all_facts(customer: &Customer, commands: Vec<GroupCommand>) -> Vec<Event> {
    let mut group = Group::Registered(Box::new(customer.clone()));
    let mut facts = Vec::new();
    for command in commands {
        let by = GroupPrincipal::Operator;
        for fact in group.decide(GroupCommandEnvelope { by, command }).unwrap() {
            group.apply(fact.clone());
            facts.push(fact);
        }
    }
    facts
}

#[test]
fn r1_a_list_of_entities_gives_facts_for_what_is_different_and_a_second_time_none() {
    let before = customer(vec![
        registered(),
        added("berlin", "Berlin"),
        added("cork", "Cork"),
        added("rome", "Rome"),
    ]);
    let list = labels(&[("berlin", "Berlin"), ("cork", "Cork & Co"), ("paris", "Paris")]);
    let difference = before.difference_to_entities(list.clone());
    assert_eq!(difference.unchanged, 1);
    let facts = all_facts(&before, difference.commands());
    let expected = [
        Event::EntityRemoved {
            entity_id: entity("rome"),
            name: label("Rome"),
        },
        Event::EntityRenamed {
            entity_id: entity("cork"),
            before: label("Cork"),
            after: label("Cork & Co"),
        },
        added("paris", "Paris"),
    ];
    assert_eq!(facts, expected);
    let mut after = before;
    facts.iter().for_each(|fact| after.record(fact.subject()));
    assert_eq!(after.entities, list.clone().into_iter().collect());
    assert!(after.difference_to_entities(list).commands().is_empty());
}

#[test]
fn r2_a_list_of_users_changes_name_address_and_role_and_leaves_permissions_as_they_are() {
    let granted = Event::PermissionGranted {
        user_id: user_id("otto"),
        permission: Permission::ViewActivityLogs,
    };
    let added = |id: &str, name: &str, role: Role| Event::UserAdded {
        user_id: user_id(id),
        email: email(&format!("{id}@acme.example")).into(),
        name: label(name).into(),
        role,
    };
    let before = customer(vec![
        registered(),
        added("ada", "Ada", Role::User),
        added("otto", "Otto", Role::User),
        added("zoe", "Zoe", Role::User),
        granted,
    ]);
    let list = people(&[
        ("ada", "Ada L", Role::PracticeAdmin),
        ("otto", "Otto", Role::User),
        ("kim", "Kim", Role::User),
    ]);
    let difference = before.difference_to_users(list.clone());
    assert_eq!((difference.unchanged, difference.remove.len()), (1, 1));
    let facts = all_facts(&before, difference.commands());
    let names: Vec<_> = facts.iter().map(<&str>::from).collect();
    assert_eq!(names, ["UserRemoved", "UserRenamed", "UserRoleChanged", "UserAdded"]);
    let mut after = before;
    facts.iter().for_each(|fact| after.record(fact.subject()));
    assert!(
        after.users[&user_id("otto")]
            .permissions
            .contains(&Permission::ViewActivityLogs)
    );
    assert!(after.difference_to_users(list).commands().is_empty());
}

#[test]
fn whoever_removes_more_than_half_says_how_many() {
    let facts = ["a", "b", "c", "d"].map(|id| added(id, id));
    let four = customer([vec![registered()], facts.to_vec()].concat());
    let half = four.difference_to_entities(labels(&[("a", "a"), ("b", "b")]));
    assert_eq!(half.require_confirmed(None), Ok(()));
    let most = four.difference_to_entities(labels(&[("a", "a")]));
    let refused = Err(Refusal::RemovalUnconfirmed { needed: 3, there: 4 });
    for wrong in [None, Some(2), Some(4)] {
        assert_eq!(most.require_confirmed(wrong), refused);
    }
    assert_eq!(most.require_confirmed(Some(3)), Ok(()));
    let empty = customer(vec![registered()]);
    assert_eq!(
        empty.difference_to_entities(labels(&[])).require_confirmed(None),
        Ok(())
    );
}

#[test]
fn no_command_of_a_list_gives_more_facts_than_are_written_at_once() {
    let empty = customer(vec![registered()]);
    let ids: Vec<_> = (0..2_500).map(|n| format!("e{n}")).collect();
    let list = ids.iter().map(|id| (entity(id), label(id))).collect();
    let commands = empty.difference_to_entities(list).commands();
    assert_eq!(commands.len(), 3);
    assert_eq!(all_facts(&empty, commands).len(), 2_500);
    let users: Vec<_> = ids.iter().map(|id| (id.as_str(), "Somebody", Role::User)).collect();
    let commands = empty.difference_to_users(people(&users)).commands();
    assert_eq!(commands.len(), 3);
    let mut full = empty.clone();
    let facts = all_facts(&empty, commands);
    facts.iter().for_each(|fact| full.record(fact.subject()));
    // Now all of them have another name, another address and another role.
    let other = |(id, listed): (UserId, ListedUser)| {
        let other = ListedUser {
            email: email(&format!("{id}@elsewhere.example")),
            name: label("Somebody else"),
            role: Role::PracticeAdmin,
        };
        assert_ne!(other, listed);
        (id, other)
    };
    let others = people(&users).into_iter().map(other).collect();
    for command in full.difference_to_users(others).commands() {
        assert!(all_facts(&full, vec![command]).len() <= FACTS_AT_ONCE);
    }
}
