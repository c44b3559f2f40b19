//! R1-R4, R27: who may ask for what, and when: every wish against every asker, off the plan, suspended, revoked.

use super::*;
use crate::integration_app::DeadBecause;

/// An application in each phase of its life and of its developer's.
fn every_phase() -> Vec<Scene> {
    let active = [
        given::new_integration().and(given::code_sent("code 1", at(CREATED))),
        given::new_integration().and(given::invitation_accepted()),
        given::new_integration_for_known_developer(),
        given::with_one_secret(),
        given::with_two_secrets(),
        given::new_integration_without_developer(),
        given::aiq_integrate(),
        given::custom_aiq_integrate(),
    ];
    let mut phases = Vec::new();
    for scene in active {
        phases.push(scene.clone().and(given::suspended()));
        phases.push(scene.clone().and(given::revoked()));
        phases.push(scene.clone().off_the_plan());
        phases.push(scene);
    }
    phases
}

/// A scene in which this wish makes sense.
fn sensible_scene(wish: &Wish) -> Scene {
    match wish {
        Wish::RegisterDeveloper(_) => given::new_integration_without_developer(),
        Wish::RevealCredentials { .. } | Wish::GenerateClientSecret { .. } | Wish::RetireClientSecret { .. } => {
            given::with_one_secret()
        }
        Wish::Resume { .. } => given::new_integration().and(given::suspended()),
        _ => given::new_integration().and(given::code_sent("code 1", at(CREATED))),
    }
}

#[test]
fn r2_every_wish_is_granted_to_its_rightful_asker() {
    for wish in wishes::every_wish() {
        let answer = sensible_scene(&wish).answer(wishes::rightful_asker(&wish), wish.clone());
        assert!(!answer.unwrap().is_empty(), "{wish:?}");
    }
}

#[test]
fn r2_an_integration_admin_is_answered_exactly_like_a_practice_admin() {
    for scene in every_phase() {
        for wish in wishes::every_wish() {
            let practice_admin = scene.answer(admin(), wish.clone());
            assert_eq!(scene.answer(integration_admin(), wish), practice_admin);
        }
    }
}

#[test]
fn r2_r3_auditors_and_colleagues_change_nothing_in_any_phase() {
    for scene in every_phase() {
        for by in [auditor(), colleague()] {
            for wish in wishes::admin_wishes() {
                scene
                    .when(by.clone(), wish)
                    .then_expect_error(Refusal::Forbidden("Manage Integration Applications"));
            }
        }
    }
}

#[test]
fn r3_the_log_is_open_to_auditors_in_every_phase_and_not_to_colleagues() {
    for scene in every_phase() {
        for by in [admin(), integration_admin(), auditor(), Asker::Operator] {
            let answer = scene.answer(by, wishes::download_log()).unwrap();
            assert_eq!(answer.len(), 1);
        }
        scene
            .when(colleague(), wishes::download_log())
            .then_expect_error(Refusal::Forbidden("View Activity Logs"));
    }
}

#[test]
fn r4_for_another_groups_admin_the_application_does_not_exist_in_any_phase() {
    let links_open_for_whoever_holds_them =
        |wish: &Wish| matches!(wish, Wish::SendVerificationCode { .. } | Wish::AcceptInvitation { .. });
    for scene in every_phase() {
        for wish in wishes::every_wish() {
            if !links_open_for_whoever_holds_them(&wish) {
                scene.when(admin_elsewhere(), wish).then_expect_error(Refusal::NotFound);
            }
        }
    }
}

#[test]
fn r4_what_admins_ask_is_not_found_by_anybody_outside_the_group_in_any_phase() {
    let outside = [developer(), Asker::Invitee, Asker::Operator, Asker::Integration];
    for scene in every_phase() {
        for by in outside.clone() {
            for wish in wishes::admin_wishes() {
                scene.when(by.clone(), wish).then_expect_error(Refusal::NotFound);
            }
        }
        for by in [developer(), Asker::Invitee, Asker::Integration] {
            scene
                .when(by, wishes::download_log())
                .then_expect_error(Refusal::NotFound);
        }
    }
}

#[test]
fn r17_r22_what_the_developer_asks_is_not_found_by_anybody_else_in_any_phase() {
    let others = [
        another_developer(),
        admin(),
        auditor(),
        Asker::Invitee,
        Asker::Integration,
    ];
    for scene in every_phase() {
        for by in others.clone() {
            for wish in wishes::developer_wishes() {
                scene.when(by.clone(), wish).then_expect_error(Refusal::NotFound);
            }
        }
    }
}

#[test]
fn r1_off_the_plan_nothing_changes_and_back_on_it_everything_works_again() {
    for wish in wishes::every_wish() {
        let by = wishes::rightful_asker(&wish);
        let on = sensible_scene(&wish);
        let off = on.clone().off_the_plan();
        match wish {
            // What is only read, and a token that is given back: that must hold when the plan returns.
            Wish::RecordActivityLogDownload { .. } | Wish::RevealCredentials { .. } => {
                assert_eq!(off.answer(by.clone(), wish.clone()), on.answer(by, wish));
            }
            // R28: the refusal is recorded.
            Wish::VerifyOneTimePassword { .. } => {
                off.when(by, wish)
                    .then_expect_events(otp_refused(DeadBecause::GroupOffPlan));
            }
            _ => {
                off.when(by.clone(), wish.clone())
                    .then_expect_error(Refusal::PlanRequired);
                assert!(!on.answer(by, wish).unwrap().is_empty());
            }
        }
    }
}

#[test]
fn r1_off_the_plan_even_wishes_that_are_granted_already_are_refused() {
    let suspended = given::new_integration().and(given::suspended()).off_the_plan();
    suspended
        .when(admin(), wishes::suspend())
        .then_expect_error(Refusal::PlanRequired);
    let revoked = given::new_integration().and(given::revoked()).off_the_plan();
    revoked
        .when(admin(), wishes::revoke())
        .then_expect_error(Refusal::PlanRequired);
}

/// R28: the one fact about an OTP that was refused.
fn otp_refused(because: DeadBecause) -> Vec<Event> {
    vec![Event::DeadOneTimePasswordTried { because }]
}

#[test]
fn r27_revoke_is_final_for_every_wish() {
    for wish in wishes::every_wish() {
        let by = wishes::rightful_asker(&wish);
        let on = sensible_scene(&wish);
        let revoked = on.clone().and(given::revoked());
        match wish {
            // Looking is still allowed, and still recorded (R28).
            Wish::RecordActivityLogDownload { .. } | Wish::RevealCredentials { .. } => {
                assert_eq!(revoked.answer(by.clone(), wish.clone()), on.answer(by, wish));
            }
            Wish::VerifyOneTimePassword { .. } => {
                revoked
                    .when(by, wish)
                    .then_expect_events(otp_refused(DeadBecause::AppRevoked));
            }
            // All its tokens are dead already.
            Wish::Revoke { .. } => {
                revoked.when(by, wish).then_expect_events(vec![]);
            }
            Wish::SendVerificationCode { .. } | Wish::AcceptInvitation { .. } => {
                revoked.when(by, wish).then_expect_error(Refusal::InviteUnknown);
            }
            _ => revoked.when(by, wish).then_expect_error(Refusal::AppRevoked),
        }
    }
}

#[test]
fn r27_while_suspended_nothing_is_given_out_and_everything_else_goes_on() {
    for wish in wishes::every_wish() {
        let by = wishes::rightful_asker(&wish);
        let on = sensible_scene(&wish);
        let suspended = on.clone().and(given::suspended());
        match wish {
            Wish::GenerateClientSecret { .. } => suspended.when(by, wish).then_expect_error(Refusal::AppSuspended),
            Wish::VerifyOneTimePassword { .. } => {
                suspended
                    .when(by, wish)
                    .then_expect_events(otp_refused(DeadBecause::AppSuspended));
            }
            Wish::Suspend { .. } => suspended.when(by, wish).then_expect_events(vec![]),
            _ => assert_eq!(suspended.answer(by.clone(), wish.clone()), on.answer(by, wish)),
        }
    }
}
