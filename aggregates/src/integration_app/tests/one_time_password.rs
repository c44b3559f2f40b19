//! R14-R17: Verify and Reset OTP.

use super::*;
use crate::integration_app::{OTP_ALPHABET, OTP_CHARS, OtpState, OtpUnusable, otp_character, otp_state};

fn mistyped(attempts_left: u32) -> Event {
    Event::OneTimePasswordMistyped { attempts_left }
}

fn tried_when(because: OtpUnusable) -> Event {
    Event::UnusableOneTimePasswordTried { because }
}

fn otp_reset(expires_at: Timestamp) -> Event {
    Event::OneTimePasswordReset {
        email: email("dev@example.com").into(),
        otp_digest: digest("otp 2"),
        otp_expires_at: expires_at,
    }
}

#[test]
fn r14_an_otp_has_8_characters_of_crockford_base32_and_its_look_alikes_are_read() {
    assert_eq!(OTP_CHARS, 8);
    let alphabet = OTP_ALPHABET.map(char::from);
    assert!(alphabet.iter().all(|c| !"ILOU".contains(*c)));
    for c in alphabet {
        assert_eq!(otp_character(c), Some(c));
        assert_eq!(otp_character(c.to_ascii_lowercase()), Some(c));
    }
    for (look_alikes, meant) in [("iIlL", '1'), ("oO", '0')] {
        assert!(look_alikes.chars().all(|typed| otp_character(typed) == Some(meant)));
    }
    assert!("uU-é ".chars().all(|typed| otp_character(typed).is_none()));
}

#[test]
fn r14_an_otp_is_valid_until_72_hours_after_issue_and_not_a_millisecond_longer() {
    for scene in [given::new_integration(), given::new_integration_for_known_developer()] {
        for moment in [at(CREATED), just_before(ENDS)] {
            scene
                .clone()
                .at(moment)
                .when(developer(), commands::verify("otp 1"))
                .then_expect_events(vec![given::developer_verified()]);
        }
        for moment in [at(ENDS), at(ENDS).plus(ONE_MS)] {
            scene
                .clone()
                .at(moment)
                .when(developer(), commands::verify("otp 1"))
                .then_expect_events(vec![tried_when(OtpUnusable::Expired)]);
        }
    }
}

#[test]
fn r14_r15_the_state_of_an_otp_is_told_by_the_clock_and_the_tries() {
    let end = at(ENDS);
    assert_eq!(otp_state(end, 5, just_before(ENDS)), OtpState::Valid);
    assert_eq!(otp_state(end, 1, just_before(ENDS)), OtpState::Valid);
    assert_eq!(otp_state(end, 1, end), OtpState::Expired);
    assert_eq!(otp_state(end, 0, just_before(ENDS)), OtpState::Locked);
    assert_eq!(otp_state(end, 0, end), OtpState::Locked);
}

#[test]
fn r14_signing_up_does_not_prolong_the_otp() {
    let scene = given::new_integration().and(given::invitation_accepted());
    scene
        .clone()
        .at(just_before(ENDS))
        .when(developer(), commands::verify("otp 1"))
        .then_expect_events(vec![given::developer_verified()]);
    scene
        .at(at(ENDS))
        .when(developer(), commands::verify("otp 1"))
        .then_expect_events(vec![tried_when(OtpUnusable::Expired)]);
}

#[test]
fn r15_each_wrong_try_is_a_fact_that_counts_down_to_none() {
    for tries in 0..5 {
        for wrong in [commands::verify("wrong"), commands::verify_gibberish()] {
            given::new_integration()
                .and_all(given::otps_mistyped(tries))
                .when(developer(), wrong)
                .then_expect_events(vec![mistyped(4 - tries)]);
        }
    }
}

#[test]
fn r15_the_right_otp_passes_after_four_wrong_tries_and_not_after_five() {
    let after = |tries| given::new_integration().and_all(given::otps_mistyped(tries));
    after(4)
        .when(developer(), commands::verify("otp 1"))
        .then_expect_events(vec![given::developer_verified()]);
    after(5)
        .when(developer(), commands::verify("otp 1"))
        .then_expect_events(vec![tried_when(OtpUnusable::Locked)]);
}

#[test]
fn r15_r28_a_try_with_a_dead_otp_is_recorded_once_and_refused_ever_after() {
    let locked = given::new_integration()
        .and_all(given::otps_mistyped(5))
        .and(tried_when(OtpUnusable::Locked));
    let expired = given::new_integration()
        .at(at(ENDS))
        .and(tried_when(OtpUnusable::Expired));
    for otp in [
        commands::verify("otp 1"),
        commands::verify("wrong"),
        commands::verify_gibberish(),
    ] {
        locked
            .when(developer(), otp.clone())
            .then_expect_error(Refusal::OtpLocked);
        expired.when(developer(), otp).then_expect_error(Refusal::OtpExpired);
    }
}

#[test]
fn r15_an_otp_that_is_locked_and_expired_is_called_locked() {
    let scene = given::new_integration().and_all(given::otps_mistyped(5)).at(at(ENDS));
    scene
        .when(developer(), commands::verify("otp 1"))
        .then_expect_events(vec![tried_when(OtpUnusable::Locked)]);
}

#[test]
fn r16_a_reset_makes_an_otp_that_is_valid_for_3_days_from_now() {
    let now = at("2026-11-25T17:30:00.000Z");
    for scene in [
        given::new_integration(),
        given::new_integration().and(given::invitation_accepted()),
        given::new_integration_for_known_developer(),
        given::new_integration().and(given::suspended()),
    ] {
        scene
            .at(now)
            .when(admin(), commands::reset_otp())
            .then_expect_events(vec![otp_reset(at("2026-11-28T17:30:00.000Z"))]);
    }
}

#[test]
fn r16_a_reset_kills_the_old_otp_at_once() {
    let scene = given::new_integration().after(admin(), commands::reset_otp());
    scene
        .when(developer(), commands::verify("otp 1"))
        .then_expect_events(vec![mistyped(4)]);
    scene
        .when(developer(), commands::verify("otp 2"))
        .then_expect_events(vec![given::developer_verified()]);
}

#[test]
fn r16_a_reset_opens_a_locked_or_expired_otp_with_five_new_tries() {
    let locked = given::new_integration()
        .and_all(given::otps_mistyped(5))
        .and(tried_when(OtpUnusable::Locked));
    let expired = given::new_integration()
        .and(tried_when(OtpUnusable::Expired))
        .at(at(ENDS));
    for dead in [locked, expired] {
        let scene = dead.after(admin(), commands::reset_otp());
        scene
            .when(developer(), commands::verify("wrong"))
            .then_expect_events(vec![mistyped(4)]);
        scene
            .when(developer(), commands::verify("otp 2"))
            .then_expect_events(vec![given::developer_verified()]);
        // The new one is told apart from the old one when it dies, too.
        scene
            .and_all(given::otps_mistyped(5))
            .when(developer(), commands::verify("otp 2"))
            .then_expect_events(vec![tried_when(OtpUnusable::Locked)]);
    }
}

#[test]
fn r16_there_is_nothing_to_reset_once_verified_or_without_a_developer() {
    given::verified()
        .when(admin(), commands::reset_otp())
        .then_expect_error(Refusal::AlreadyVerified);
    given::new_integration_without_developer()
        .when(admin(), commands::reset_otp())
        .then_expect_error(Refusal::NoDeveloperLinked);
}

#[test]
fn r16_an_otp_is_used_once() {
    for otp in [commands::verify("otp 1"), commands::verify("wrong")] {
        given::verified()
            .when(developer(), otp)
            .then_expect_error(Refusal::AlreadyVerified);
    }
}

#[test]
fn r17_nobody_but_the_linked_developer_uses_the_otp_and_their_tries_do_not_count() {
    let others = [
        another_developer(),
        Principal::Invitee,
        Principal::Operator,
        Principal::Integration,
        admin(),
    ];
    for by in others {
        for otp in [commands::verify("otp 1"), commands::verify("wrong")] {
            given::new_integration()
                .when(by.clone(), otp)
                .then_expect_error(Refusal::NotFound);
        }
    }
}

#[test]
fn r28_an_otp_that_is_refused_for_another_cause_is_recorded_once_more() {
    let fresh = given::new_integration();
    let suspended = fresh.and(given::suspended());
    let message = |scene: Scene, because: OtpUnusable, refusal: Refusal| {
        let fact = tried_when(because);
        scene
            .when(developer(), commands::verify("otp 1"))
            .then_expect_events(vec![fact.clone()]);
        let scene = scene.and(fact);
        for otp in [commands::verify("otp 1"), commands::verify_gibberish()] {
            scene.when(developer(), otp).then_expect_error(refusal.clone());
        }
        scene
    };
    let scene = message(suspended, OtpUnusable::AppSuspended, Refusal::AppSuspended);
    let scene = message(
        scene.and(given::resumed()).at(at(ENDS)),
        OtpUnusable::Expired,
        Refusal::OtpExpired,
    );
    message(
        scene.clone().off_the_plan(),
        OtpUnusable::GroupOffPlan,
        Refusal::PlanRequired,
    );
    let scene = message(
        scene.and(given::revoked()),
        OtpUnusable::AppRevoked,
        Refusal::AppRevoked,
    );
    // Each was recorded once, and none of them a second time.
    let facts = scene.facts.iter();
    let tries = facts.filter(|fact| matches!(fact, Event::UnusableOneTimePasswordTried { .. }));
    assert_eq!(tries.count(), 3);
}

#[test]
fn r27_no_otp_is_used_while_the_application_is_suspended_and_tries_do_not_count() {
    let suspended = given::new_integration().and(given::suspended());
    for otp in [commands::verify("otp 1"), commands::verify("wrong")] {
        suspended
            .when(developer(), otp)
            .then_expect_events(vec![tried_when(OtpUnusable::AppSuspended)]);
    }
    suspended
        .and(tried_when(OtpUnusable::AppSuspended))
        .and(given::resumed())
        .when(developer(), commands::verify("otp 1"))
        .then_expect_events(vec![given::developer_verified()]);
}
