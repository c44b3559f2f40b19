//! R1-R4, R27: who may ask for what, and when: every command against every principal, off the plan, suspended, revoked.

use super::*;
use crate::integration_app::OtpUnusable;

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

/// A scene in which this command makes sense.
fn sensible_scene(command: &AppCommand) -> Scene {
    match command {
        AppCommand::RegisterDeveloper(_) => given::new_integration_without_developer(),
        AppCommand::RevealCredentials { .. }
        | AppCommand::GenerateClientSecret { .. }
        | AppCommand::RetireClientSecret { .. } => given::with_one_secret(),
        AppCommand::Resume { .. } => given::new_integration().and(given::suspended()),
        _ => given::new_integration().and(given::code_sent("code 1", at(CREATED))),
    }
}

#[test]
fn r2_every_command_is_granted_to_its_rightful_principal() {
    for command in commands::every_command() {
        let answer = sensible_scene(&command).answer(commands::rightful_principal(&command), command.clone());
        assert!(!answer.unwrap().is_empty(), "{command:?}");
    }
}

#[test]
fn r2_an_integration_admin_is_answered_exactly_like_a_practice_admin() {
    for scene in every_phase() {
        for command in commands::every_command() {
            let practice_admin = scene.answer(admin(), command.clone());
            assert_eq!(scene.answer(integration_admin(), command), practice_admin);
        }
    }
}

#[test]
fn r2_r3_auditors_and_colleagues_change_nothing_in_any_phase() {
    for scene in every_phase() {
        for by in [auditor(), colleague()] {
            for command in commands::admin_commands() {
                scene
                    .when(by.clone(), command)
                    .then_expect_error(Refusal::Forbidden("Manage Integration Applications"));
            }
        }
    }
}

#[test]
fn r3_the_log_is_open_to_auditors_in_every_phase_and_not_to_colleagues() {
    for scene in every_phase() {
        for by in [admin(), integration_admin(), auditor(), Principal::Operator] {
            let answer = scene.answer(by, commands::download_log()).unwrap();
            assert_eq!(answer.len(), 1);
        }
        scene
            .when(colleague(), commands::download_log())
            .then_expect_error(Refusal::Forbidden("View Activity Logs"));
    }
}

#[test]
fn r4_for_another_groups_admin_the_application_does_not_exist_in_any_phase() {
    let links_open_for_whoever_holds_them = |command: &AppCommand| {
        matches!(
            command,
            AppCommand::SendVerificationCode { .. } | AppCommand::AcceptInvitation { .. }
        )
    };
    for scene in every_phase() {
        for command in commands::every_command() {
            if !links_open_for_whoever_holds_them(&command) {
                scene
                    .when(admin_elsewhere(), command)
                    .then_expect_error(Refusal::NotFound);
            }
        }
    }
}

#[test]
fn r4_what_admins_ask_is_not_found_by_anybody_outside_the_group_in_any_phase() {
    let outside = [
        developer(),
        Principal::Invitee,
        Principal::Operator,
        Principal::Integration,
    ];
    for scene in every_phase() {
        for by in outside.clone() {
            for command in commands::admin_commands() {
                if !(matches!(by, Principal::Operator) && is_of_operators_too(&command)) {
                    scene.when(by.clone(), command).then_expect_error(Refusal::NotFound);
                }
            }
        }
        for by in [developer(), Principal::Invitee, Principal::Integration] {
            scene
                .when(by, commands::download_log())
                .then_expect_error(Refusal::NotFound);
        }
    }
}

/// R27: what operators may ask of an application of any group.
fn is_of_operators_too(command: &AppCommand) -> bool {
    matches!(
        command,
        AppCommand::Suspend { .. } | AppCommand::Resume { .. } | AppCommand::Revoke { .. }
    )
}

#[test]
fn r27_operators_who_say_why_are_answered_exactly_like_a_practice_admin_in_any_phase() {
    let why = || reason("A leaked secret.");
    for scene in every_phase() {
        for command in [
            AppCommand::Suspend { reason: why() },
            AppCommand::Resume { reason: why() },
            AppCommand::Revoke { reason: why() },
        ] {
            let practice_admin = scene.answer(admin(), command.clone());
            assert_eq!(scene.answer(Principal::Operator, command), practice_admin);
        }
    }
}

#[test]
fn r27_operators_who_do_not_say_why_are_refused() {
    for command in [commands::suspend(), commands::resume(), commands::revoke()] {
        let scene = sensible_scene(&command);
        let refused = problem(scene.answer(Principal::Operator, command.clone()));
        assert_eq!(refused, ("reason".to_owned(), "required"));
        scene
            .off_the_plan()
            .when(Principal::Operator, command)
            .then_expect_error(Refusal::PlanRequired);
    }
}

#[test]
fn r17_r22_what_the_developer_asks_is_not_found_by_anybody_else_in_any_phase() {
    let others = [
        another_developer(),
        admin(),
        auditor(),
        Principal::Invitee,
        Principal::Integration,
    ];
    for scene in every_phase() {
        for by in others.clone() {
            for command in commands::developer_commands() {
                // Admins retire secrets, too, and auditors of the group see that there are any.
                let is_for_admins = matches!(command, AppCommand::RetireClientSecret { .. });
                if !(is_for_admins && matches!(by, Principal::GroupUser(_))) {
                    scene.when(by.clone(), command).then_expect_error(Refusal::NotFound);
                }
            }
        }
    }
}

#[test]
fn r2_r23_admins_retire_secrets_of_both_kinds_of_applications_and_auditors_and_colleagues_none() {
    let aiq_integrate = given::aiq_integrate().and(given::secret_generated(1, CREATED, None));
    for scene in [given::with_one_secret(), aiq_integrate] {
        for by in [admin(), integration_admin()] {
            scene
                .when(by, commands::retire_secret(1))
                .then_expect_events(vec![given::secret_retired(1)]);
        }
        for by in [auditor(), colleague()] {
            scene
                .when(by, commands::retire_secret(1))
                .then_expect_error(Refusal::Forbidden("Manage Integration Applications"));
        }
        scene
            .when(admin_elsewhere(), commands::retire_secret(1))
            .then_expect_error(Refusal::NotFound);
        scene
            .clone()
            .off_the_plan()
            .when(admin(), commands::retire_secret(1))
            .then_expect_error(Refusal::PlanRequired);
    }
}

#[test]
fn r1_off_the_plan_nothing_changes_and_back_on_it_everything_works_again() {
    for command in commands::every_command() {
        let by = commands::rightful_principal(&command);
        let on = sensible_scene(&command);
        let off = on.clone().off_the_plan();
        match command {
            // What is only read, and a token that is given back: that must hold when the plan returns.
            AppCommand::RecordActivityLogDownload { .. } | AppCommand::RevealCredentials { .. } => {
                assert_eq!(off.answer(by.clone(), command.clone()), on.answer(by, command));
            }
            // R28: the refusal is recorded.
            AppCommand::VerifyOneTimePassword { .. } => {
                off.when(by, command)
                    .then_expect_events(otp_refused(OtpUnusable::GroupOffPlan));
            }
            _ => {
                off.when(by.clone(), command.clone())
                    .then_expect_error(Refusal::PlanRequired);
                assert!(!on.answer(by, command).unwrap().is_empty());
            }
        }
    }
}

#[test]
fn r1_off_the_plan_even_commands_that_are_granted_already_are_refused() {
    let suspended = given::new_integration().and(given::suspended()).off_the_plan();
    suspended
        .when(admin(), commands::suspend())
        .then_expect_error(Refusal::PlanRequired);
    let revoked = given::new_integration().and(given::revoked()).off_the_plan();
    revoked
        .when(admin(), commands::revoke())
        .then_expect_error(Refusal::PlanRequired);
}

/// R28: the one fact about an OTP that was refused.
fn otp_refused(because: OtpUnusable) -> Vec<Event> {
    vec![Event::UnusableOneTimePasswordTried { because }]
}

#[test]
fn r27_revoke_is_final_for_every_command() {
    for command in commands::every_command() {
        let by = commands::rightful_principal(&command);
        let on = sensible_scene(&command);
        let revoked = on.clone().and(given::revoked());
        match command {
            // Looking is still allowed, and still recorded (R28).
            AppCommand::RecordActivityLogDownload { .. } | AppCommand::RevealCredentials { .. } => {
                assert_eq!(revoked.answer(by.clone(), command.clone()), on.answer(by, command));
            }
            AppCommand::VerifyOneTimePassword { .. } => {
                revoked
                    .when(by, command)
                    .then_expect_events(otp_refused(OtpUnusable::AppRevoked));
            }
            // All its tokens are dead already.
            AppCommand::Revoke { .. } => {
                revoked.when(by, command).then_expect_events(vec![]);
            }
            AppCommand::SendVerificationCode { .. } | AppCommand::AcceptInvitation { .. } => {
                revoked.when(by, command).then_expect_error(Refusal::InviteUnknown);
            }
            _ => revoked.when(by, command).then_expect_error(Refusal::AppRevoked),
        }
    }
}

#[test]
fn r27_while_suspended_nothing_is_given_out_and_everything_else_goes_on() {
    for command in commands::every_command() {
        let by = commands::rightful_principal(&command);
        let on = sensible_scene(&command);
        let suspended = on.clone().and(given::suspended());
        match command {
            AppCommand::GenerateClientSecret { .. } => {
                suspended.when(by, command).then_expect_error(Refusal::AppSuspended)
            }
            AppCommand::VerifyOneTimePassword { .. } => {
                suspended
                    .when(by, command)
                    .then_expect_events(otp_refused(OtpUnusable::AppSuspended));
            }
            AppCommand::Suspend { .. } => suspended.when(by, command).then_expect_events(vec![]),
            _ => assert_eq!(suspended.answer(by.clone(), command.clone()), on.answer(by, command)),
        }
    }
}
