//! R7, R8, R11: Edit.

use super::*;
use crate::catalog::CategoryCode;
use crate::integration_app::Changes;

fn category_changed(before: &str, after: &str) -> Event {
    Event::CategoryChanged {
        before: CategoryCode::parse(before).unwrap(),
        after: CategoryCode::parse(after).unwrap(),
    }
}

fn entities_changed(before: &[&str], after: &[&str]) -> Event {
    Event::EntitiesChanged {
        before: entities(before),
        after: entities(after),
    }
}

#[test]
fn r7_the_description_changes_and_the_log_keeps_both() {
    let scene = given::new_integration();
    let changed = Event::DescriptionChanged {
        before: description("Moves payroll journals."),
        after: description("Moves wages."),
    };
    scene
        .when(admin(), commands::describe("Moves wages."))
        .then_expect_events(vec![changed.clone()]);
    let app = scene.and(changed).app();
    assert_eq!(app.description.as_str(), "Moves wages.");
}

#[test]
fn r8_the_category_of_a_new_integration_and_of_a_preset_changes() {
    given::new_integration()
        .when(admin(), commands::categorise("other"))
        .then_expect_events(vec![category_changed("payroll_and_hr", "other")]);
    let scene = given::aiq_integrate();
    scene
        .when(admin(), commands::categorise("other"))
        .then_expect_events(vec![category_changed("crm", "other")]);
    let app = scene.after(admin(), commands::categorise("other")).app();
    assert_eq!(app.category.as_str(), "other");
}

#[test]
fn r8_the_category_of_a_custom_one_is_fixed() {
    given::custom_aiq_integrate()
        .when(admin(), commands::categorise("other"))
        .then_expect_error(Refusal::FieldNotEditable("category"));
}

#[test]
fn r8_naming_the_category_it_has_is_no_change_even_of_a_custom_one() {
    given::custom_aiq_integrate()
        .when(admin(), commands::categorise("inventory"))
        .then_expect_events(vec![]);
}

#[test]
fn r11_entities_come_and_go_down_to_none() {
    let scene = given::new_integration();
    let has = ["berlin", "dublin"];
    for after in [&["berlin", "dublin", "paris"][..], &["paris"], &["berlin"], &[]] {
        scene
            .when(admin(), commands::open_entities(after))
            .then_expect_events(vec![entities_changed(&has, after)]);
    }
    let closed = scene.after(admin(), commands::open_entities(&[]));
    assert!(closed.app().entities.is_empty());
    closed
        .when(admin(), commands::open_entities(&["paris"]))
        .then_expect_events(vec![entities_changed(&[], &["paris"])]);
}

#[test]
fn r11_an_entity_of_somebody_else_cannot_be_added() {
    let command = commands::open_entities(&["berlin", "globex-hq"]);
    let refused = problem(given::new_integration().answer(admin(), command));
    assert_eq!(refused, ("entities".into(), "unknown_entity"));
}

#[test]
fn r11_an_entity_that_left_the_group_may_stay_listed_but_cannot_come_back() {
    let scene = given::new_integration().with_group_entities(&["berlin", "paris"]);
    scene
        .when(admin(), commands::open_entities(&["berlin", "dublin", "paris"]))
        .then_expect_events(vec![entities_changed(
            &["berlin", "dublin"],
            &["berlin", "dublin", "paris"],
        )]);
    let without = scene.after(admin(), commands::open_entities(&["berlin"]));
    let back = without.answer(admin(), commands::open_entities(&["berlin", "dublin"]));
    assert_eq!(problem(back), ("entities".into(), "unknown_entity"));
}

#[test]
fn an_edit_that_is_granted_already_writes_nothing() {
    let granted = [
        AppCommand::ChangeDetails(Changes::default()),
        commands::describe("Moves payroll journals."),
        commands::describe("  Moves payroll journals.\n"),
        commands::categorise("payroll_and_hr"),
        commands::open_entities(&["dublin", "berlin"]),
    ];
    for command in granted {
        given::new_integration()
            .when(admin(), command)
            .then_expect_events(vec![]);
    }
}

#[test]
fn an_edit_of_several_fields_gives_one_fact_for_each_that_changes() {
    let changes = Changes {
        description: Some(description("Moves wages.")),
        category: Some(CategoryCode::parse("payroll_and_hr").unwrap()),
        entities: Some(entities(&["paris"])),
    };
    given::new_integration()
        .when(integration_admin(), AppCommand::ChangeDetails(changes))
        .then_expect_events(vec![
            Event::DescriptionChanged {
                before: description("Moves payroll journals."),
                after: description("Moves wages."),
            },
            entities_changed(&["berlin", "dublin"], &["paris"]),
        ]);
}

#[test]
fn an_edit_with_one_bad_field_changes_nothing_at_all() {
    let changes = Changes {
        description: Some(description("Moves wages.")),
        category: Some(CategoryCode::parse("other").unwrap()),
        entities: None,
    };
    given::custom_aiq_integrate()
        .when(admin(), AppCommand::ChangeDetails(changes))
        .then_expect_error(Refusal::FieldNotEditable("category"));
}

#[test]
fn r27_a_suspended_application_can_still_be_edited() {
    let scene = given::new_integration().and(given::suspended());
    for command in [
        commands::describe("Moves wages."),
        commands::categorise("other"),
        commands::open_entities(&[]),
    ] {
        let events = scene.answer(admin(), command).unwrap();
        assert_eq!(events.len(), 1);
    }
}
