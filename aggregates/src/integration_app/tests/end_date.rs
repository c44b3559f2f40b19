//! End dates of applications and of client secrets.

use super::*;
use crate::integration_app::{AiqIntegrate, NewIntegration};

/// New year, which is later than everything else in these tests.
const NEW_YEAR: &str = "2027-01-01T00:00:00.000Z";
const MARCH: &str = "2027-03-01T00:00:00.000Z";

fn ends_at(app: &Scene) -> Option<Timestamp> {
    app.app().ends_at
}

/// Both ways of creating an application that ends then.
fn created_until(end: Timestamp) -> [AppCommand; 2] {
    let new = NewIntegration {
        ends_at: Some(end),
        ..commands::new_integration()
    };
    let aiq = AiqIntegrate {
        ends_at: Some(end),
        ..commands::aiq_integrate("crm_sync")
    };
    [
        AppCommand::CreateNewIntegration(new),
        AppCommand::CreateAiqIntegrate(aiq),
    ]
}

#[test]
fn an_application_can_be_created_with_an_end_date() {
    for command in created_until(at(NEW_YEAR)) {
        let scene = given::nothing().after(admin(), command);
        assert_eq!(ends_at(&scene), Some(at(NEW_YEAR)));
    }
    assert_eq!(ends_at(&given::new_integration()), None);
}

#[test]
fn an_end_date_lies_in_the_future_be_it_by_a_millisecond() {
    for (end, is_refused) in [
        (just_before(CREATED), true),
        (at(CREATED), true),
        (at(CREATED).plus(ONE_MS), false),
    ] {
        let edit = (given::new_integration(), admin(), commands::set_end(Some(end)));
        let generate = (given::verified(), developer(), commands::generate_secret_until(1, end));
        let create = created_until(end).map(|command| (given::nothing(), admin(), command));
        for (scene, by, command) in [edit, generate].into_iter().chain(create) {
            let answer = scene.answer(by, command);
            assert_eq!(answer.is_err(), is_refused, "{answer:?}");
            if is_refused {
                assert_eq!(problem(answer), ("ends_at".into(), "invalid_ends_at"));
            }
        }
    }
}

#[test]
fn an_end_date_can_be_set_moved_and_removed() {
    let scene = given::new_integration();
    let first = given::end_date_changed(None, Some(NEW_YEAR));
    scene
        .when(admin(), commands::set_end(Some(at(NEW_YEAR))))
        .then_expect_events(vec![first.clone()]);
    let scene = scene.and(first);
    let moved = given::end_date_changed(Some(NEW_YEAR), Some(MARCH));
    scene
        .when(admin(), commands::set_end(Some(at(MARCH))))
        .then_expect_events(vec![moved]);
    let removed = given::end_date_changed(Some(NEW_YEAR), None);
    scene
        .when(admin(), commands::set_end(None))
        .then_expect_events(vec![removed.clone()]);
    assert_eq!(ends_at(&scene), Some(at(NEW_YEAR)));
    assert_eq!(ends_at(&scene.and(removed)), None);
}

#[test]
fn an_end_date_that_is_there_already_is_no_fact_not_even_when_it_is_over() {
    let scene = given::new_integration().and(given::end_date_changed(None, Some(NEW_YEAR)));
    for moment in [at(CREATED), at(NEW_YEAR), at(MARCH)] {
        let scene = scene.clone().at(moment);
        scene
            .when(admin(), commands::set_end(Some(at(NEW_YEAR))))
            .then_expect_events(vec![]);
    }
    given::new_integration()
        .when(admin(), commands::set_end(None))
        .then_expect_events(vec![]);
}

#[test]
fn what_has_ended_goes_on_with_a_later_end_date_and_its_status_was_active_all_along() {
    let ended = given::verified()
        .and(given::end_date_changed(None, Some(NEW_YEAR)))
        .at(at(NEW_YEAR));
    assert_eq!(ended.app().status, crate::integration_app::Status::Active);
    ended
        .when(developer(), commands::generate_secret(1))
        .then_expect_error(Refusal::AppExpired);
    let later = given::end_date_changed(Some(NEW_YEAR), Some(MARCH));
    ended
        .when(admin(), commands::set_end(Some(at(MARCH))))
        .then_expect_events(vec![later.clone()]);
    ended
        .and(later)
        .when(developer(), commands::generate_secret(1))
        .then_expect_events(vec![given::secret_generated(1, NEW_YEAR, None)]);
}

#[test]
fn r27_an_application_that_ended_can_still_be_stopped_and_its_secrets_retired() {
    let ended = given::with_one_secret()
        .and(given::end_date_changed(None, Some(NEW_YEAR)))
        .at(at(MARCH));
    for (by, command) in [
        (developer(), commands::retire_secret(1)),
        (admin(), commands::retire_secret(1)),
        (admin(), commands::revoke_developer_and_secrets()),
        (admin(), commands::suspend()),
        (admin(), commands::revoke()),
    ] {
        assert!(!ended.answer(by, command).unwrap().is_empty());
    }
}

#[test]
fn r23_a_secret_can_be_generated_with_an_end_date_and_is_over_then() {
    let until = given::secret_generated_until(1, CREATED, NEW_YEAR);
    given::verified()
        .when(developer(), commands::generate_secret_until(1, at(NEW_YEAR)))
        .then_expect_events(vec![until.clone()]);
    let secret = given::verified().and(until).app().client_secrets.remove(0);
    assert!(secret.is_live(just_before(NEW_YEAR)));
    assert!(!secret.is_live(at(NEW_YEAR)));
}

#[test]
fn r23_a_secret_does_not_end_after_its_application() {
    let scene = given::verified().and(given::end_date_changed(None, Some(NEW_YEAR)));
    let until = |end: Timestamp| scene.answer(developer(), commands::generate_secret_until(1, end));
    assert!(until(at(NEW_YEAR)).is_ok());
    let refused = problem(until(at(NEW_YEAR).plus(ONE_MS)));
    assert_eq!(refused, ("ends_at".into(), "invalid_ends_at"));
    assert!(scene.answer(developer(), commands::generate_secret(1)).is_ok());
}

#[test]
fn r23_a_rotation_never_makes_the_older_secret_last_beyond_its_end_date() {
    let rotated = |end: &str| {
        let scene = given::verified().and(given::secret_generated_until(1, CREATED, end));
        scene.answer(developer(), commands::generate_secret(2)).unwrap()
    };
    let tomorrow = "2026-11-24T09:00:00.000Z";
    for own_end in [tomorrow, ENDS] {
        let beside = given::secret_generated_beside(2, CREATED, (1, own_end));
        assert_eq!(rotated(own_end), [beside]);
    }
    assert_eq!(
        rotated(NEW_YEAR),
        [given::secret_generated(2, CREATED, Some((1, ENDS)))]
    );
}

#[test]
fn r23_a_secret_past_its_end_date_takes_no_place_and_is_retired_already() {
    let scene = given::verified()
        .and(given::secret_generated_until(1, CREATED, ENDS))
        .at(at(ENDS));
    scene
        .when(developer(), commands::generate_secret(2))
        .then_expect_events(vec![given::secret_generated(2, ENDS, None)]);
    scene
        .when(admin(), commands::retire_secret(1))
        .then_expect_events(vec![]);
}
