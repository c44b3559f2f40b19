//! R1, R2, R11: what operators keep up to date about a customer. What its users may do is in `permissions`.

mod attention_mails;
mod lists;
mod permissions;

use cqrs_es::test::{AggregateResultValidator, TestFramework};
use uuid::Uuid;

use super::*;
use crate::log_format::LogFormat;

fn label(text: &str) -> Label {
    Label::parse("name", text).unwrap()
}

fn plan(text: &str) -> ProductPlan {
    ProductPlan::parse(text).unwrap()
}

fn email(text: &str) -> EmailAddress {
    EmailAddress::parse("email", text).unwrap()
}

fn user_id(text: &str) -> UserId {
    UserId::parse(text).unwrap()
}

fn berlin() -> EntityId {
    EntityId::parse("berlin").unwrap()
}

fn user(role: Role, permissions: &[Permission]) -> GroupPrincipal {
    GroupPrincipal::GroupUser(Membership {
        group_id: GroupId::parse("acme").unwrap(),
        user_id: user_id("ada"),
        role,
        permissions: permissions.iter().copied().collect(),
    })
}

fn practice_admin() -> GroupPrincipal {
    user(Role::PracticeAdmin, &[])
}

fn integration_admin() -> GroupPrincipal {
    user(Role::User, &[Permission::ManageIntegrationApplications])
}

fn auditor() -> GroupPrincipal {
    user(Role::User, &[Permission::ViewActivityLogs])
}

fn colleague() -> GroupPrincipal {
    user(Role::User, &[])
}

const BOTH_PERMISSIONS: [Permission; 2] = [Permission::ManageIntegrationApplications, Permission::ViewActivityLogs];

/// Acme with one entity and with Otto, who has no permission.
fn acme() -> Vec<Event> {
    vec![
        Event::GroupRegistered {
            name: label("Acme"),
            product_plan: plan("AIQ3"),
        },
        Event::EntityAdded {
            entity_id: berlin(),
            name: label("Acme Berlin"),
        },
        otto_added(),
    ]
}

fn otto_added() -> Event {
    Event::UserAdded {
        user_id: user_id("otto"),
        email: email("otto@example.com").into(),
        name: label("Otto").into(),
        role: Role::User,
    }
}

fn otto_granted(permission: Permission) -> Event {
    Event::PermissionGranted {
        user_id: user_id("otto"),
        permission,
    }
}

fn token_issued() -> Event {
    Event::UserTokenIssued {
        user_id: user_id("otto"),
        token_id: Uuid::nil().into(),
        name: label("Laptop"),
        expires_at: Timestamp::parse("2027-11-23T09:00:00.000Z").unwrap(),
    }
}

fn describe(name: &str, product_plan: &str) -> GroupCommand {
    GroupCommand::Describe {
        name: label(name),
        product_plan: plan(product_plan),
    }
}

fn put_entity(name: &str) -> GroupCommand {
    GroupCommand::PutEntity {
        entity_id: berlin(),
        name: label(name),
    }
}

fn put_otto(address: &str, name: &str, role: Role) -> GroupCommand {
    GroupCommand::PutUser {
        user_id: user_id("otto"),
        email: email(address),
        name: label(name),
        role,
    }
}

fn grant(permission: Permission) -> GroupCommand {
    GroupCommand::Grant {
        user_id: user_id("otto"),
        permission,
    }
}

fn withdraw(permission: Permission) -> GroupCommand {
    GroupCommand::Withdraw {
        user_id: user_id("otto"),
        permission,
    }
}

fn set(permissions: &[Permission]) -> GroupCommand {
    GroupCommand::SetPermissions {
        user_id: user_id("otto"),
        permissions: permissions.iter().copied().collect(),
    }
}

fn issue_token() -> GroupCommand {
    GroupCommand::IssueUserToken {
        user_id: user_id("otto"),
        token_id: Uuid::nil().into(),
        name: label("Laptop"),
        expires_at: Timestamp::parse("2027-11-23T09:00:00.000Z").unwrap(),
    }
}

fn revoke_token() -> GroupCommand {
    GroupCommand::RevokeUserToken {
        user_id: user_id("otto"),
        token_id: Uuid::nil().into(),
    }
}

fn remove_otto() -> GroupCommand {
    GroupCommand::RemoveUser {
        user_id: user_id("otto"),
    }
}

fn download_log() -> GroupCommand {
    GroupCommand::RecordActivityLogDownload {
        format: LogFormat::Csv,
        from: None,
        to: None,
    }
}

/// What only the system that knows the customers may ask.
fn operator_commands() -> Vec<GroupCommand> {
    vec![
        describe("Acme Group", "AIQ2"),
        put_entity("Acme Berlin SE"),
        GroupCommand::RemoveEntity { entity_id: berlin() },
        put_otto("otto@example.com", "Otto", Role::PracticeAdmin),
        remove_otto(),
        issue_token(),
        revoke_token(),
    ]
}

fn when(facts: Vec<Event>, by: GroupPrincipal, command: GroupCommand) -> AggregateResultValidator<Group> {
    TestFramework::<Group>::with(())
        .given(facts)
        .when(GroupCommandEnvelope { by, command })
}

fn with(mut facts: Vec<Event>, more: impl IntoIterator<Item = Event>) -> Vec<Event> {
    facts.extend(more);
    facts
}

fn customer(facts: Vec<Event>) -> Customer {
    let mut group = Group::default();
    for fact in facts {
        group.apply(fact);
    }
    group.registered().unwrap().clone()
}

#[test]
fn r1_an_operator_registers_a_group_with_its_plan() {
    let registered = Event::GroupRegistered {
        name: label("Acme"),
        product_plan: plan("AIQ3"),
    };
    when(vec![], GroupPrincipal::Operator, describe("Acme", "AIQ3")).then_expect_events(vec![registered.clone()]);
    assert!(customer(vec![registered]).product_plan.has_integration_apps());
}

#[test]
fn r1_before_it_is_registered_a_group_does_not_exist() {
    for command in operator_commands().into_iter().skip(1) {
        when(vec![], GroupPrincipal::Operator, command).then_expect_error(Refusal::NotFound);
    }
    for command in [
        describe("Acme", "AIQ3"),
        grant(Permission::ViewActivityLogs),
        download_log(),
    ] {
        when(vec![], practice_admin(), command).then_expect_error(Refusal::NotFound);
    }
    assert_eq!(Group::default().registered(), Err(Refusal::NotFound));
}

#[test]
fn r1_name_and_plan_change_each_with_a_fact_of_its_own() {
    let renamed = Event::GroupRenamed {
        before: label("Acme"),
        after: label("Acme Group"),
    };
    let moved = Event::ProductPlanChanged {
        before: plan("AIQ3"),
        after: plan("AIQ2"),
    };
    for (name, product_plan, facts) in [
        ("Acme", "AIQ3", vec![]),
        ("Acme Group", "AIQ3", vec![renamed.clone()]),
        ("Acme", "AIQ2", vec![moved.clone()]),
        ("Acme Group", "AIQ2", vec![renamed, moved]),
    ] {
        when(acme(), GroupPrincipal::Operator, describe(name, product_plan)).then_expect_events(facts);
    }
}

#[test]
fn r1_a_group_leaves_the_plan_and_comes_back() {
    let change = |before, after| Event::ProductPlanChanged {
        before: plan(before),
        after: plan(after),
    };
    let off = with(acme(), [change("AIQ3", "AIQ2")]);
    assert!(!customer(off.clone()).product_plan.has_integration_apps());
    let back = with(off, [change("AIQ2", "AIQ3")]);
    assert!(customer(back).product_plan.has_integration_apps());
}

#[test]
fn r11_entities_are_added_renamed_and_removed() {
    let bare = acme()[..1].to_vec();
    let added = Event::EntityAdded {
        entity_id: berlin(),
        name: label("Acme Berlin"),
    };
    when(bare, GroupPrincipal::Operator, put_entity("Acme Berlin")).then_expect_events(vec![added]);
    when(acme(), GroupPrincipal::Operator, put_entity("Acme Berlin")).then_expect_events(vec![]);
    let renamed = Event::EntityRenamed {
        entity_id: berlin(),
        before: label("Acme Berlin"),
        after: label("Acme Berlin SE"),
    };
    when(acme(), GroupPrincipal::Operator, put_entity("Acme Berlin SE")).then_expect_events(vec![renamed.clone()]);
    let facts = with(acme(), [renamed]);
    let removed = Event::EntityRemoved {
        entity_id: berlin(),
        name: label("Acme Berlin SE"),
    };
    let remove = || GroupCommand::RemoveEntity { entity_id: berlin() };
    when(facts.clone(), GroupPrincipal::Operator, remove()).then_expect_events(vec![removed.clone()]);
    let facts = with(facts, [removed]);
    assert!(customer(facts.clone()).entities.is_empty());
    when(facts, GroupPrincipal::Operator, remove()).then_expect_error(Refusal::NotFound);
}

#[test]
fn r2_a_user_is_added_and_each_change_of_their_data_is_a_fact_of_its_own() {
    let as_is = || put_otto("otto@example.com", "Otto", Role::User);
    let bare = acme()[..2].to_vec();
    when(bare, GroupPrincipal::Operator, as_is()).then_expect_events(vec![otto_added()]);
    when(acme(), GroupPrincipal::Operator, as_is()).then_expect_events(vec![]);
    let all = put_otto("audit@example.com", "Otto Auditor", Role::PracticeAdmin);
    let otto = || user_id("otto");
    when(acme(), GroupPrincipal::Operator, all).then_expect_events(vec![
        Event::UserRenamed {
            user_id: otto(),
            before: label("Otto"),
            after: label("Otto Auditor"),
        },
        Event::UserEmailChanged {
            user_id: otto(),
            before: email("otto@example.com"),
            after: email("audit@example.com"),
        },
        Event::UserRoleChanged {
            user_id: otto(),
            before: Role::User,
            after: Role::PracticeAdmin,
        },
    ]);
}

#[test]
fn r2_another_spelling_of_the_same_address_is_kept_as_typed() {
    let command = put_otto("Otto@Example.com", "Otto", Role::User);
    let events = when(acme(), GroupPrincipal::Operator, command).inspect_result();
    let otto = customer(with(acme(), events.unwrap())).users[&user_id("otto")].clone();
    assert_eq!(otto.email.as_str(), "Otto@Example.com");
}

#[test]
fn a_user_token_is_issued_and_revoked_once() {
    let operator = || GroupPrincipal::Operator;
    when(acme(), operator(), revoke_token()).then_expect_error(Refusal::NotFound);
    when(acme(), operator(), issue_token()).then_expect_events(vec![token_issued()]);
    let facts = with(acme(), [token_issued()]);
    let revoked = Event::UserTokenRevoked {
        user_id: user_id("otto"),
        token_id: Uuid::nil().into(),
    };
    when(facts.clone(), operator(), revoke_token()).then_expect_events(vec![revoked.clone()]);
    when(with(facts, [revoked]), operator(), revoke_token()).then_expect_error(Refusal::NotFound);
}

#[test]
fn what_operators_do_does_not_exist_for_users_of_the_group() {
    for by in [practice_admin(), integration_admin(), auditor(), colleague()] {
        for command in operator_commands() {
            when(acme(), by.clone(), command).then_expect_error(Refusal::NotFound);
        }
    }
}

#[test]
fn r4_users_make_and_end_their_own_tokens_and_nobody_elses() {
    let otto = GroupPrincipal::GroupUser(Membership {
        user_id: user_id("otto"),
        ..membership_of(practice_admin())
    });
    when(acme(), otto.clone(), issue_token()).then_expect_events(vec![token_issued()]);
    let issued = with(acme(), [token_issued()]);
    assert!(
        Group::Registered(Box::new(customer(issued)))
            .decide(GroupCommandEnvelope {
                by: otto,
                command: revoke_token()
            })
            .is_ok()
    );
    for command in [issue_token(), revoke_token()] {
        when(acme(), practice_admin(), command).then_expect_error(Refusal::NotFound);
    }
}

fn membership_of(principal: GroupPrincipal) -> Membership {
    match principal {
        GroupPrincipal::GroupUser(membership) => membership,
        GroupPrincipal::Operator => unreachable!(),
    }
}
