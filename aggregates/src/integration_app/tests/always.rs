//! What holds whatever is asked, in whatever order: short sequences of commands, all of them.

use super::*;
use crate::integration_app::{MAX_LIVE_CLIENT_SECRETS, Status};

/// One step of a sequence: who asks for what, and how long after the step before.
#[derive(Clone)]
struct Step {
    by: Principal,
    command: AppCommand,
    after: TimeDelta,
}

fn step(by: Principal, command: AppCommand) -> Step {
    let after = TimeDelta::zero();
    Step { by, command, after }
}

/// Walks every sequence of these steps up to `depth`, and calls `check` after each step with what it led to.
///
/// The depth is also the number that makes secrets and tokens of a sequence differ.
fn every_sequence(
    app: &IntegrationApp,
    scene: &Scene,
    steps: &dyn Fn(u128) -> Vec<Step>,
    depth: u128,
    check: &mut dyn FnMut(&IntegrationApp, Timestamp, &[Event]),
) {
    if depth == 0 {
        return;
    }
    for Step { by, command, after } in steps(depth) {
        let scene = scene.clone().at(scene.at.plus(after));
        let facts = app.decide(scene.command(by, command)).unwrap_or_default();
        let mut app = app.clone();
        for fact in facts.clone() {
            app.apply(fact);
        }
        check(&app, scene.at, &facts);
        // A refused command leaves the application as it was; only time may have passed.
        if !facts.is_empty() || after > TimeDelta::zero() {
            every_sequence(&app, &scene, steps, depth - 1, check);
        }
    }
}

fn made_of(scene: &Scene) -> IntegrationApp {
    IntegrationApp::Created(Box::new(scene.app()))
}

#[test]
fn r27_after_revoke_no_sequence_of_commands_brings_anything_back() {
    let principals = [
        admin(),
        developer(),
        Principal::Invitee,
        Principal::Operator,
        Principal::Integration,
    ];
    let steps = |_| {
        let commands = commands::every_command().into_iter();
        commands
            .flat_map(|command| principals.clone().map(|by| step(by, command.clone())))
            .collect()
    };
    for scene in [
        given::new_integration().and(given::code_sent("code 1", at(CREATED))),
        given::new_integration_for_known_developer(),
        given::with_two_secrets().and(given::suspended()),
        given::aiq_integrate().and(given::secret_generated(1, CREATED, None)),
    ] {
        let scene = scene.and(given::revoked());
        let before = scene.app();
        every_sequence(&made_of(&scene), &scene, &steps, 3, &mut |app, _, facts| {
            for fact in facts {
                let only_looked = matches!(
                    fact,
                    Event::ActivityLogDownloaded { .. }
                        | Event::CredentialsRevealed { .. }
                        | Event::UnusableOneTimePasswordTried { .. }
                );
                assert!(only_looked, "{fact:?}");
            }
            let app = app.created().unwrap().clone();
            // That somebody looked, or tried, is the only thing that may be left behind.
            let audited_reads = before.audited_reads.clone();
            let mut app = App { audited_reads, ..app };
            if let DeveloperLink::Invited { otp, .. } | DeveloperLink::Assigned { otp, .. } = &mut app.developer {
                otp.refusals_recorded.clear();
            }
            assert_eq!(app, before);
            assert_eq!(app.status, Status::Revoked);
        });
    }
}

#[test]
fn r23_no_sequence_of_commands_makes_a_third_live_secret() {
    let days = |days| Some(TimeDelta::days(days));
    let generate = |number, overlap| step(developer(), commands::generate_secret_with(number, overlap));
    let steps = |depth: u128| {
        let wait = |hours| Step {
            after: TimeDelta::hours(hours),
            ..step(admin(), commands::download_log())
        };
        vec![
            generate(depth, days(0)),
            generate(depth, None),
            generate(depth, days(90)),
            step(developer(), commands::retire_secret(depth + 1)),
            step(developer(), commands::retire_secret(depth + 2)),
            wait(71),
            wait(1),
        ]
    };
    let scene = given::verified();
    let mut most = 0;
    every_sequence(&made_of(&scene), &scene, &steps, 6, &mut |app, now, _| {
        let secrets = &app.created().unwrap().client_secrets;
        let live = secrets.iter().filter(|secret| secret.is_live(now)).count();
        let endless = secrets.iter().filter(|s| s.ends_at.is_none()).count();
        assert!(live <= MAX_LIVE_CLIENT_SECRETS, "{secrets:?}");
        assert!(endless <= 1, "only the newest has no end: {secrets:?}");
        most = most.max(live);
    });
    assert_eq!(most, MAX_LIVE_CLIENT_SECRETS);
}

#[test]
fn r15_no_sequence_of_tries_opens_an_otp_after_five_wrong_ones() {
    let steps = |_| {
        vec![
            step(developer(), commands::verify("wrong")),
            step(developer(), commands::verify_gibberish()),
            step(developer(), commands::verify("otp 1")),
            step(admin(), commands::resend_invite()),
        ]
    };
    let scene = given::new_integration().and_all(given::otps_mistyped(4));
    let locked = scene.clone().and_all(given::otps_mistyped(5).skip(4));
    every_sequence(&made_of(&locked), &locked, &steps, 6, &mut |app, _, facts| {
        let verified = |fact: &Event| matches!(fact, Event::DeveloperVerified { .. });
        assert!(!facts.iter().any(verified));
        let app = app.created().unwrap();
        assert_eq!(app.developer.one_time_password().unwrap().attempts_left, 0);
    });
}

#[test]
fn r6_r10_no_command_changes_name_permission_group_or_client_id() {
    let steps = |_| {
        let commands = commands::every_command().into_iter();
        commands
            .map(|command| step(commands::rightful_principal(&command), command))
            .collect()
    };
    let scene = given::new_integration().and(given::code_sent("code 1", at(CREATED)));
    let before = scene.app();
    every_sequence(&made_of(&scene), &scene, &steps, 3, &mut |app, _, _| {
        let app = app.created().unwrap();
        assert_eq!(app.name, before.name);
        assert_eq!(app.api_permission, before.api_permission);
        assert_eq!(app.group_id, before.group_id);
        assert_eq!(app.client_id, before.client_id);
        assert_eq!(app.kind, before.kind);
    });
}
