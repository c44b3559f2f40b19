//! R5-R13: both options of the article. R6, R7, R9 and R10 are checked where their words are read.

use super::*;
use crate::api_permission::ApiPermission;
use crate::catalog::{CategoryCode, INTEGRATE_TYPES};
use crate::integration_app::{AiqIntegrate, IntegrationKind, NewIntegration, Status};

fn create(new: NewIntegration) -> AppCommand {
    AppCommand::CreateNewIntegration(new)
}

fn order(new: AiqIntegrate) -> AppCommand {
    AppCommand::CreateAiqIntegrate(new)
}

#[test]
fn r13_a_developer_without_an_account_is_invited_with_the_creation() {
    given::nothing()
        .when(admin(), create(commands::new_integration()))
        .then_expect_events(vec![given::created(), given::invited()]);
}

#[test]
fn r13_a_developer_who_has_an_account_is_registered_with_the_creation() {
    let mut new = commands::new_integration();
    new.developer.account = Some(id(100));
    given::nothing()
        .when(admin(), create(new))
        .then_expect_events(vec![given::created(), given::registered()]);
}

#[test]
fn r2_an_integration_admin_creates_like_a_practice_admin() {
    given::nothing()
        .when(integration_admin(), create(commands::new_integration()))
        .then_expect_events(vec![given::created(), given::invited()]);
}

#[test]
fn r5_a_new_integration_starts_active_with_what_the_admin_chose() {
    let app = given::new_integration().app();
    assert_eq!(app.kind, IntegrationKind::NewIntegration);
    assert_eq!(app.status, Status::Active);
    assert_eq!(app.name.as_str(), "Payroll Bridge");
    assert_eq!(app.entities, entities(&["berlin", "dublin"]));
    assert!(app.client_secrets.is_empty());
}

#[test]
fn r10_a_new_integration_gets_the_permission_the_admin_chose() {
    for chosen in [ApiPermission::Read, ApiPermission::ReadWrite] {
        let new = NewIntegration {
            api_permission: chosen,
            ..commands::new_integration()
        };
        let events = given::nothing().answer(admin(), create(new)).unwrap();
        assert_eq!(Scene::with(events).app().api_permission, chosen);
    }
}

#[test]
fn r11_one_entity_is_enough_for_a_creation_and_none_is_not() {
    let with = |ids: &[&str]| {
        let entities = entities(ids);
        let new = NewIntegration {
            entities: entities.clone(),
            ..commands::new_integration()
        };
        let aiq = AiqIntegrate {
            entities,
            ..commands::aiq_integrate("crm_sync")
        };
        [create(new), order(aiq)]
    };
    for command in with(&["berlin"]) {
        assert!(given::nothing().answer(admin(), command).is_ok());
    }
    for command in with(&[]) {
        let refused = problem(given::nothing().answer(admin(), command));
        assert_eq!(refused, ("entities".into(), "required"));
    }
    for command in with(&["berlin", "globex-hq"]) {
        let refused = problem(given::nothing().answer(admin(), command));
        assert_eq!(refused, ("entities".into(), "unknown_entity"));
    }
}

#[test]
fn r12_an_aiq_integrate_application_names_who_accepted_both_disclaimers_and_invites_nobody() {
    given::nothing()
        .when(admin(), order(commands::aiq_integrate("crm_sync")))
        .then_expect_events(vec![given::aiq_integrate_created("crm_sync", false, "crm")]);
    assert_eq!(given::aiq_integrate().app().developer, DeveloperLink::None);
}

#[test]
fn r12_without_both_disclaimers_nothing_is_created_and_each_missing_one_is_named() {
    let missing = |accept_charges, accept_data_access| {
        let new = AiqIntegrate {
            accept_charges,
            accept_data_access,
            ..commands::aiq_integrate("crm_sync")
        };
        match given::nothing().answer(admin(), order(new)) {
            Err(Refusal::Invalid(problems)) => {
                assert!(problems.iter().all(|p| p.code == "disclaimer_required"));
                problems.into_iter().map(|p| p.field).collect::<Vec<_>>()
            }
            other => panic!("expected missing disclaimers, not {other:?}"),
        }
    };
    assert_eq!(missing(false, true), ["accept_charges"]);
    assert_eq!(missing(true, false), ["accept_data_access"]);
    assert_eq!(missing(false, false), ["accept_charges", "accept_data_access"]);
}

#[test]
fn r8_r10_every_preset_brings_its_own_category_and_permission() {
    for entry in INTEGRATE_TYPES.iter().filter(|entry| !entry.custom) {
        let command = order(commands::aiq_integrate(entry.code));
        let app = Scene::with(given::nothing().answer(admin(), command).unwrap()).app();
        assert_eq!(Some(app.category.as_str()), entry.category, "{}", entry.code);
        assert_eq!(app.api_permission, entry.api_permission, "{}", entry.code);
        let kind = IntegrationKind::AiqIntegrate {
            integrate_type: entry.code.into(),
            custom: false,
        };
        assert_eq!(app.kind, kind);
    }
}

#[test]
fn r8_a_preset_takes_no_category_from_the_admin_not_even_its_own() {
    for category in ["other", "crm"] {
        let new = AiqIntegrate {
            category: Some(CategoryCode::parse(category).unwrap()),
            ..commands::aiq_integrate("crm_sync")
        };
        let refused = problem(given::nothing().answer(admin(), order(new)));
        assert_eq!(refused, ("category".into(), "field_not_editable"));
    }
}

#[test]
fn r8_a_custom_one_has_the_category_the_admin_chose_and_must_have_one() {
    let chosen = AiqIntegrate {
        category: Some(CategoryCode::parse("inventory").unwrap()),
        ..commands::aiq_integrate("custom")
    };
    given::nothing()
        .when(admin(), order(chosen))
        .then_expect_events(vec![given::aiq_integrate_created("custom", true, "inventory")]);
    let unchosen = order(commands::aiq_integrate("custom"));
    let refused = problem(given::nothing().answer(admin(), unchosen));
    assert_eq!(refused, ("category".into(), "required"));
}

#[test]
fn r1_r2_r3_r4_who_may_not_create() {
    let missing = Refusal::Forbidden("Manage Integration Applications");
    let refusals = [
        (auditor(), missing.clone()),
        (colleague(), missing),
        (admin_elsewhere(), Refusal::NotFound),
        (developer(), Refusal::NotFound),
        (Principal::Invitee, Refusal::NotFound),
        (Principal::Operator, Refusal::NotFound),
        (Principal::Integration, Refusal::NotFound),
    ];
    for (by, refusal) in refusals {
        for command in both_options() {
            // Off the plan, too: who may not ask learns nothing about the plan.
            for scene in [given::nothing(), given::nothing().off_the_plan()] {
                scene
                    .when(by.clone(), command.clone())
                    .then_expect_error(refusal.clone());
            }
        }
    }
}

#[test]
fn r1_off_the_plan_nothing_is_created() {
    for by in [admin(), integration_admin()] {
        for command in both_options() {
            given::nothing()
                .off_the_plan()
                .when(by.clone(), command)
                .then_expect_error(Refusal::PlanRequired);
        }
    }
}

#[test]
fn nothing_is_created_twice_and_nothing_is_asked_of_what_does_not_exist() {
    for command in both_options() {
        for scene in [given::new_integration(), given::aiq_integrate()] {
            scene
                .when(admin(), command.clone())
                .then_expect_error(Refusal::NotFound);
        }
    }
    for command in commands::every_command() {
        for by in [admin(), developer(), Principal::Operator, Principal::Integration] {
            given::nothing()
                .when(by, command.clone())
                .then_expect_error(Refusal::NotFound);
        }
    }
}

fn both_options() -> [AppCommand; 2] {
    [
        create(commands::new_integration()),
        order(commands::aiq_integrate("crm_sync")),
    ]
}
