//! R7, R8, R11: Edit.

use super::*;
use crate::catalog::CategoryCode;
use crate::integration_app::{Changes, EntitiesEdit, EntitiesToChange};

fn category_changed(before: &str, after: &str) -> Event {
    Event::CategoryChanged {
        before: CategoryCode::parse(before).unwrap(),
        after: CategoryCode::parse(after).unwrap(),
    }
}

fn entities_changed(added: &[&str], removed: &[&str]) -> Event {
    Event::EntitiesChanged {
        added: entities(added),
        removed: entities(removed),
        none_left: false,
    }
}

fn none_left_without(removed: &[&str]) -> Event {
    Event::EntitiesChanged {
        added: entities(&[]),
        removed: entities(removed),
        none_left: true,
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
    for (after, changed) in [
        (&["berlin", "dublin", "paris"][..], entities_changed(&["paris"], &[])),
        (&["paris"], entities_changed(&["paris"], &["berlin", "dublin"])),
        (&["berlin"], entities_changed(&[], &["dublin"])),
        (&[], none_left_without(&["berlin", "dublin"])),
    ] {
        given::new_integration()
            .when(admin(), commands::open_entities(after))
            .then_expect_events(vec![changed]);
        let app = given::new_integration()
            .after(admin(), commands::open_entities(after))
            .app();
        assert_eq!(app.entities, entities(after));
    }
    given::new_integration()
        .after(admin(), commands::open_entities(&[]))
        .when(admin(), commands::open_entities(&["paris"]))
        .then_expect_events(vec![entities_changed(&["paris"], &[])]);
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
        .then_expect_events(vec![entities_changed(&["paris"], &[])]);
    let without = scene.after(admin(), commands::open_entities(&["berlin"]));
    let back = without.answer(admin(), commands::open_entities(&["berlin", "dublin"]));
    assert_eq!(problem(back), ("entities".into(), "unknown_entity"));
}

#[test]
fn r11_entities_are_added_and_removed_without_naming_the_others() {
    let scene = given::new_integration();
    for (add, remove, changed) in [
        (&["paris"][..], &[][..], entities_changed(&["paris"], &[])),
        (&[], &["berlin"], entities_changed(&[], &["berlin"])),
        (
            &["paris", "berlin"],
            &["dublin"],
            entities_changed(&["paris"], &["dublin"]),
        ),
        (
            &[],
            &["berlin", "dublin", "paris"],
            none_left_without(&["berlin", "dublin"]),
        ),
    ] {
        scene
            .when(admin(), commands::change_entities(add, remove))
            .then_expect_events(vec![changed]);
    }
}

#[test]
fn r11_nobody_adds_or_removes_what_neither_the_group_nor_the_application_knows() {
    for (add, remove, field) in [
        (&["globex-hq"][..], &["berlin"][..], "add_entities"),
        (&["paris"], &["berlni"], "remove_entities"),
    ] {
        let refused = given::new_integration().answer(admin(), commands::change_entities(add, remove));
        assert_eq!(problem(refused), (field.into(), "unknown_entity"));
    }
}

#[test]
fn r11_an_entity_that_left_the_group_can_be_removed_and_not_be_added_again() {
    let scene = given::new_integration().with_group_entities(&["berlin", "paris"]);
    scene
        .when(admin(), commands::change_entities(&["dublin"], &[]))
        .then_expect_events(vec![]);
    let without = scene.after(admin(), commands::change_entities(&[], &["dublin"]));
    assert_eq!(without.app().entities, entities(&["berlin"]));
    let back = without.answer(admin(), commands::change_entities(&["dublin"], &[]));
    assert_eq!(problem(back), ("add_entities".into(), "unknown_entity"));
}

#[test]
fn r11_an_entity_is_not_added_and_removed_at_once() {
    let both = EntitiesToChange::parse(entities(&["berlin", "paris"]), entities(&["paris"])).unwrap_err();
    assert_eq!(
        (both.field.as_str(), both.code),
        ("remove_entities", "conflicting_fields")
    );
}

#[test]
fn an_edit_that_is_granted_already_writes_nothing() {
    let granted = [
        AppCommand::ChangeDetails(Changes::default()),
        commands::describe("Moves payroll journals."),
        commands::describe("  Moves payroll journals.\n"),
        commands::categorise("payroll_and_hr"),
        commands::open_entities(&["dublin", "berlin"]),
        commands::change_entities(&["berlin"], &["paris"]),
        commands::change_entities(&[], &[]),
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
        entities: Some(EntitiesEdit::All(entities(&["paris"]))),
        end_date: None,
    };
    given::new_integration()
        .when(integration_admin(), AppCommand::ChangeDetails(changes))
        .then_expect_events(vec![
            Event::DescriptionChanged {
                before: description("Moves payroll journals."),
                after: description("Moves wages."),
            },
            entities_changed(&["paris"], &["berlin", "dublin"]),
        ]);
}

#[test]
fn an_edit_with_one_bad_field_changes_nothing_at_all() {
    let changes = Changes {
        description: Some(description("Moves wages.")),
        category: Some(CategoryCode::parse("other").unwrap()),
        entities: None,
        end_date: None,
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
