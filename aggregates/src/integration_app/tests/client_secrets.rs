//! R22-R24, R28: client secrets, looks at the details, and access tokens that are given back.

use super::*;
use crate::integration_app::{MAX_LIVE_CLIENT_SECRETS, MAX_OVERLAP, SECRET_OVERLAP};

/// The second secret, made at the creation with this overlap: when the first one ends.
fn first_ends_with(overlap: Option<TimeDelta>) -> Result<Vec<Event>, Refusal> {
    given::with_one_secret().answer(developer(), commands::generate_secret_with(2, overlap))
}

#[test]
fn r23_the_article_allows_two_secrets_and_an_overlap_of_72_hours() {
    assert_eq!(MAX_LIVE_CLIENT_SECRETS, 2);
    assert_eq!(SECRET_OVERLAP, TimeDelta::hours(72));
    assert_eq!(MAX_OVERLAP, TimeDelta::days(90));
}

#[test]
fn r23_the_first_secret_ends_nothing() {
    given::verified()
        .when(developer(), commands::generate_secret(1))
        .then_expect_events(vec![given::secret_generated(1, CREATED, None)]);
}

#[test]
fn r23_the_second_secret_ends_the_first_after_72_hours_unless_told_otherwise() {
    given::with_one_secret()
        .when(developer(), commands::generate_secret(2))
        .then_expect_events(vec![given::secret_generated(2, CREATED, Some((1, ENDS)))]);
}

#[test]
fn r23_the_overlap_goes_from_none_to_90_days() {
    let max = TimeDelta::days(90);
    for (overlap, ends) in [
        (TimeDelta::zero(), CREATED),
        (ONE_MS, "2026-11-23T09:00:00.001Z"),
        (max, "2027-02-21T09:00:00.000Z"),
    ] {
        let made = given::secret_generated(2, CREATED, Some((1, ends)));
        assert_eq!(first_ends_with(Some(overlap)), Ok(vec![made]));
    }
    for overlap in [max + ONE_MS, max + TimeDelta::seconds(1), -ONE_MS] {
        let refused = problem(first_ends_with(Some(overlap)));
        let expected = ("overlap_seconds".into(), "invalid_overlap_seconds");
        assert_eq!(refused, expected, "{overlap}");
    }
}

#[test]
fn r23_a_third_secret_is_refused_while_two_live_and_taken_when_the_overlap_is_over() {
    for overlap in [None, Some(TimeDelta::zero())] {
        given::with_two_secrets()
            .at(just_before(ENDS))
            .when(developer(), commands::generate_secret_with(3, overlap))
            .then_expect_error(Refusal::ClientSecretLimit);
    }
    let third = given::secret_generated(3, ENDS, Some((2, "2026-11-29T09:00:00.000Z")));
    given::with_two_secrets()
        .at(at(ENDS))
        .when(developer(), commands::generate_secret(3))
        .then_expect_events(vec![third]);
}

#[test]
fn r23_an_overlap_of_0_ends_the_older_secret_at_once() {
    let scene = given::with_one_secret().after(developer(), commands::generate_secret_with(2, Some(TimeDelta::zero())));
    let secrets = scene.app().client_secrets;
    assert_eq!(secrets.iter().map(|s| s.id).collect::<Vec<_>>(), [id(2)]);
    assert!(scene.answer(developer(), commands::generate_secret(3)).is_ok());
}

#[test]
fn r23_a_secret_lives_until_the_end_of_its_overlap_and_the_newest_has_none() {
    let secrets = given::with_two_secrets().app().client_secrets;
    assert_eq!(secrets[0].ends_at, Some(at(ENDS)));
    assert!(secrets[0].is_live(just_before(ENDS)));
    assert!(!secrets[0].is_live(at(ENDS)));
    assert_eq!(secrets[1].ends_at, None);
    assert!(secrets[1].is_live(at("2099-01-01T00:00:00.000Z")));
}

#[test]
fn r23_a_new_secret_never_prolongs_one_that_is_ending_already() {
    // The newer secret was retired, so the older one is alone and on its way out.
    let scene = given::with_two_secrets().and(given::secret_retired(2));
    let long = Some(TimeDelta::days(90));
    scene
        .when(developer(), commands::generate_secret_with(3, long))
        .then_expect_events(vec![given::secret_generated_beside(3, CREATED, (1, ENDS))]);
    let none = Some(TimeDelta::zero());
    scene
        .when(developer(), commands::generate_secret_with(3, none))
        .then_expect_events(vec![given::secret_generated(3, CREATED, Some((1, CREATED)))]);
}

#[test]
fn r23_one_secret_is_retired_at_once_and_makes_room() {
    for (retired, left) in [(1, 2), (2, 1)] {
        let scene = given::with_two_secrets();
        scene
            .when(developer(), commands::retire_secret(retired))
            .then_expect_events(vec![given::secret_retired(retired)]);
        let scene = scene.and(given::secret_retired(retired));
        let ids: Vec<_> = scene.app().client_secrets.iter().map(|s| s.id).collect();
        assert_eq!(ids, [id(left)]);
        assert!(scene.answer(developer(), commands::generate_secret(3)).is_ok());
    }
}

#[test]
fn r23_an_unknown_or_retired_secret_cannot_be_retired() {
    let scene = given::with_two_secrets().and(given::secret_retired(1));
    for number in [1, 7] {
        scene
            .when(developer(), commands::retire_secret(number))
            .then_expect_error(Refusal::NotFound);
    }
}

#[test]
fn r23_a_secret_whose_overlap_is_over_has_ended_already() {
    let scene = given::with_two_secrets();
    scene
        .clone()
        .at(just_before(ENDS))
        .when(developer(), commands::retire_secret(1))
        .then_expect_events(vec![given::secret_retired(1)]);
    scene
        .at(at(ENDS))
        .when(developer(), commands::retire_secret(1))
        .then_expect_events(vec![]);
}

#[test]
fn r27_while_suspended_a_secret_can_be_retired_but_none_made() {
    let scene = given::with_one_secret().and(given::suspended());
    scene
        .when(developer(), commands::generate_secret(2))
        .then_expect_error(Refusal::AppSuspended);
    scene
        .when(developer(), commands::retire_secret(1))
        .then_expect_events(vec![given::secret_retired(1)]);
    scene
        .and(given::resumed())
        .when(developer(), commands::generate_secret(2))
        .then_expect_events(vec![given::secret_generated(2, CREATED, Some((1, ENDS)))]);
}

#[test]
fn r12_operators_generate_the_secrets_of_aiq_integrate_and_of_nothing_else() {
    for scene in [given::aiq_integrate(), given::custom_aiq_integrate()] {
        scene
            .when(Principal::Operator, commands::generate_secret(1))
            .then_expect_events(vec![given::secret_generated(1, CREATED, None)]);
        scene
            .and(given::secret_generated(1, CREATED, None))
            .when(Principal::Operator, commands::retire_secret(1))
            .then_expect_events(vec![given::secret_retired(1)]);
    }
    given::with_one_secret()
        .when(Principal::Operator, commands::generate_secret(2))
        .then_expect_error(Refusal::KeptByDeveloper);
    for command in [commands::generate_secret(2), commands::retire_secret(1)] {
        for by in [admin(), developer(), Principal::Integration, Principal::Invitee] {
            given::aiq_integrate()
                .when(by, command.clone())
                .then_expect_error(Refusal::NotFound);
        }
    }
}

#[test]
fn r23_operators_retire_a_secret_of_every_application_as_its_developer_does() {
    for scene in [
        given::with_one_secret(),
        given::with_two_secrets(),
        given::with_one_secret().and(given::suspended()),
        given::with_one_secret().and(given::revoked()),
        given::with_one_secret().off_the_plan(),
    ] {
        for number in [1, 7] {
            let developers = scene.answer(developer(), commands::retire_secret(number));
            assert_eq!(
                scene.answer(Principal::Operator, commands::retire_secret(number)),
                developers
            );
        }
    }
    // Also when no developer is linked any more, and the secret was left to run.
    given::with_one_secret()
        .after(admin(), commands::revoke_developer())
        .when(Principal::Operator, commands::retire_secret(1))
        .then_expect_events(vec![given::secret_retired(1)]);
}

#[test]
fn r28_a_look_at_the_details_is_recorded_once_in_five_minutes() {
    let scene = given::verified();
    scene
        .when(developer(), commands::reveal())
        .then_expect_events(vec![given::revealed(CREATED)]);
    let seen = scene.and(given::revealed(CREATED));
    let five_minutes = "2026-11-23T09:05:00.000Z";
    seen.clone()
        .at(just_before(five_minutes))
        .when(developer(), commands::reveal())
        .then_expect_events(vec![]);
    seen.at(at(five_minutes))
        .when(developer(), commands::reveal())
        .then_expect_events(vec![given::revealed(five_minutes)]);
}

#[test]
fn r28_a_look_from_another_address_is_another_look() {
    let elsewhere = "203.0.113.66";
    let seen = given::verified().and(given::revealed(CREATED));
    seen.when(developer(), commands::reveal_to(elsewhere))
        .then_expect_events(vec![given::revealed_to(elsewhere, CREATED)]);
    let seen = seen.and(given::revealed_to(elsewhere, CREATED));
    for address in [OFFICE, elsewhere] {
        seen.when(developer(), commands::reveal_to(address))
            .then_expect_events(vec![]);
    }
}

#[test]
fn r28_the_first_look_of_the_next_developer_is_recorded_at_once() {
    given::verified()
        .and(given::revealed(CREATED))
        .and(given::developer_access_revoked())
        .and(given::registered())
        .and(given::developer_verified())
        .when(developer(), commands::reveal())
        .then_expect_events(vec![given::revealed(CREATED)]);
}
