//! R2-R4, R28: what Practice Admins grant, and what follows from it.

use super::*;

#[test]
fn r2_a_practice_admin_grants_and_withdraws_each_permission_once() {
    for permission in BOTH_PERMISSIONS {
        let granted = otto_granted(permission);
        let withdrawn = Event::PermissionWithdrawn {
            user_id: user_id("otto"),
            permission,
        };
        let has = with(acme(), [granted.clone()]);
        let had = with(has.clone(), [withdrawn.clone()]);
        let ask = |facts: &[Event], command| when(facts.to_vec(), practice_admin(), command);
        ask(&acme(), grant(permission)).then_expect_events(vec![granted]);
        ask(&has, grant(permission)).then_expect_events(vec![]);
        ask(&has, withdraw(permission)).then_expect_events(vec![withdrawn]);
        ask(&acme(), withdraw(permission)).then_expect_events(vec![]);
        ask(&had, withdraw(permission)).then_expect_events(vec![]);
    }
}

#[test]
fn r2_a_practice_admin_sets_all_permissions_of_a_user_at_once() {
    let (manage, view) = (BOTH_PERMISSIONS[0], BOTH_PERMISSIONS[1]);
    let withdrawn = Event::PermissionWithdrawn {
        user_id: user_id("otto"),
        permission: manage,
    };
    let managing = with(acme(), [otto_granted(manage)]);
    let ask = |wanted: &[Permission]| when(managing.clone(), practice_admin(), set(wanted));
    ask(&[view]).then_expect_events(vec![otto_granted(view), withdrawn]);
    ask(&[manage, view]).then_expect_events(vec![otto_granted(view)]);
    ask(&[manage]).then_expect_events(vec![]);
}

#[test]
fn r2_nobody_but_a_practice_admin_grants_or_withdraws() {
    for by in [integration_admin(), auditor(), colleague(), GroupPrincipal::Operator] {
        for permission in BOTH_PERMISSIONS {
            for command in [grant(permission), withdraw(permission), set(&[permission])] {
                when(acme(), by.clone(), command).then_expect_error(Refusal::PracticeAdminRequired);
            }
        }
    }
}

#[test]
fn r2_r4_permissions_of_somebody_who_is_not_a_user_of_the_group_do_not_exist() {
    let bare = acme()[..2].to_vec();
    for permission in BOTH_PERMISSIONS {
        for command in [grant(permission), withdraw(permission), set(&[permission])] {
            when(bare.clone(), practice_admin(), command).then_expect_error(Refusal::NotFound);
        }
    }
}

#[test]
fn r2_r3_what_was_granted_is_what_the_user_may_do() {
    let membership_of_otto = |facts| {
        let acme = GroupId::parse("acme").unwrap();
        customer(facts).users[&user_id("otto")].membership(acme, user_id("otto"))
    };
    let bare = membership_of_otto(acme());
    assert!(bare.require_reader().is_err() && bare.require_manager().is_err());
    let reads = membership_of_otto(with(acme(), [otto_granted(Permission::ViewActivityLogs)]));
    assert!(reads.require_reader().is_ok() && reads.require_manager().is_err());
    let manage = otto_granted(Permission::ManageIntegrationApplications);
    let manages = membership_of_otto(with(acme(), [manage]));
    assert!(manages.require_reader().is_ok() && manages.require_manager().is_ok());
    assert!(manages.require_practice_admin().is_err());
}

#[test]
fn r2_a_user_who_is_removed_and_added_again_starts_without_permissions_and_tokens() {
    let facts = with(
        acme(),
        [otto_granted(Permission::ManageIntegrationApplications), token_issued()],
    );
    let removed = Event::UserRemoved {
        user_id: user_id("otto"),
        name: label("Otto").into(),
    };
    when(facts.clone(), GroupPrincipal::Operator, remove_otto()).then_expect_events(vec![removed.clone()]);
    let facts = with(facts, [removed]);
    for command in [remove_otto(), issue_token(), revoke_token()] {
        when(facts.clone(), GroupPrincipal::Operator, command).then_expect_error(Refusal::NotFound);
    }
    let otto = customer(with(facts, [otto_added()])).users[&user_id("otto")].clone();
    assert!(otto.permissions.is_empty() && otto.tokens.is_empty());
}

#[test]
fn r3_r28_readers_and_operators_download_the_groups_log_on_and_off_the_plan() {
    let downloaded = Event::GroupActivityLogDownloaded {
        format: LogFormat::Csv,
        from: None,
        to: None,
    };
    let off = Event::ProductPlanChanged {
        before: plan("AIQ3"),
        after: plan("AIQ2"),
    };
    for facts in [acme(), with(acme(), [off])] {
        for by in [
            practice_admin(),
            integration_admin(),
            auditor(),
            GroupPrincipal::Operator,
        ] {
            when(facts.clone(), by, download_log()).then_expect_events(vec![downloaded.clone()]);
        }
        when(facts, colleague(), download_log()).then_expect_error(Refusal::Forbidden("View Activity Logs"));
    }
}

fn of(user: &str, permission: Permission) -> GroupCommand {
    GroupCommand::Grant {
        user_id: user_id(user),
        permission,
    }
}

/// Acme with Ada, a Practice Admin.
fn acme_with_ada() -> Vec<Event> {
    let ada = Event::UserAdded {
        user_id: user_id("ada"),
        email: email("ada@example.com").into(),
        name: label("Ada").into(),
        role: Role::PracticeAdmin,
    };
    with(acme(), [ada])
}

#[test]
fn r2_what_a_practice_admin_has_by_right_is_not_stored_as_a_grant_to_themselves() {
    for permission in BOTH_PERMISSIONS {
        when(acme_with_ada(), practice_admin(), of("ada", permission)).then_expect_events(vec![]);
    }
    let both = GroupCommand::SetPermissions {
        user_id: user_id("ada"),
        permissions: BOTH_PERMISSIONS.into(),
    };
    when(acme_with_ada(), practice_admin(), both).then_expect_events(vec![]);
}

#[test]
fn r2_who_is_no_practice_admin_any_more_keeps_what_another_one_granted_and_nothing_else() {
    let demoted = Event::UserRoleChanged {
        user_id: user_id("ada"),
        before: Role::PracticeAdmin,
        after: Role::User,
    };
    let membership = |facts| {
        let acme = GroupId::parse("acme").unwrap();
        customer(facts).users[&user_id("ada")].membership(acme, user_id("ada"))
    };
    assert!(!membership(with(acme_with_ada(), [demoted.clone()])).reads());
    let pat = GroupPrincipal::GroupUser(Membership {
        group_id: GroupId::parse("acme").unwrap(),
        user_id: user_id("pat"),
        role: Role::PracticeAdmin,
        permissions: BTreeSet::new(),
    });
    let granted = Event::PermissionGranted {
        user_id: user_id("ada"),
        permission: Permission::ManageIntegrationApplications,
    };
    let command = of("ada", Permission::ManageIntegrationApplications);
    when(acme_with_ada(), pat, command).then_expect_events(vec![granted.clone()]);
    assert!(membership(with(acme_with_ada(), [granted, demoted])).manages());
}

#[test]
fn r2_practice_admins_can_give_up_what_was_granted_to_them() {
    let granted = Event::PermissionGranted {
        user_id: user_id("ada"),
        permission: Permission::ViewActivityLogs,
    };
    let nothing = GroupCommand::SetPermissions {
        user_id: user_id("ada"),
        permissions: BTreeSet::new(),
    };
    let withdrawn = Event::PermissionWithdrawn {
        user_id: user_id("ada"),
        permission: Permission::ViewActivityLogs,
    };
    when(with(acme_with_ada(), [granted]), practice_admin(), nothing).then_expect_events(vec![withdrawn]);
}

#[test]
fn r1_off_the_plan_nothing_is_granted_and_everything_can_be_withdrawn() {
    let off = Event::ProductPlanChanged {
        before: plan("AIQ3"),
        after: plan("AIQ2"),
    };
    let (manage, view) = (BOTH_PERMISSIONS[0], BOTH_PERMISSIONS[1]);
    let facts = with(acme(), [otto_granted(manage), off]);
    let ask = |command| when(facts.clone(), practice_admin(), command);
    let withdrawn = Event::PermissionWithdrawn {
        user_id: user_id("otto"),
        permission: manage,
    };
    // Not even what is held already: a yes would say that granting works here.
    for command in [grant(manage), grant(view), set(&[view]), set(&[manage, view])] {
        ask(command).then_expect_error(Refusal::PlanRequired);
    }
    ask(set(&[manage])).then_expect_events(vec![]);
    ask(set(&[])).then_expect_events(vec![withdrawn.clone()]);
    ask(withdraw(manage)).then_expect_events(vec![withdrawn]);
}
