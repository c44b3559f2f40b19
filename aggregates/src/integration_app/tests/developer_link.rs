//! R17, R20-R22: the one developer of an application, from link to Revoke Access.

use super::*;

#[test]
fn r20_a_developer_is_registered_when_none_is_linked() {
    let scene = given::new_integration_without_developer();
    scene
        .when(admin(), AppCommand::RegisterDeveloper(commands::invite(None)))
        .then_expect_events(vec![given::invited()]);
    let known = AppCommand::RegisterDeveloper(commands::invite(Some(id(100))));
    scene.when(admin(), known).then_expect_events(vec![given::registered()]);
}

#[test]
fn r20_a_second_developer_is_refused_whatever_the_first_has_done() {
    for scene in [
        given::new_integration(),
        given::new_integration().at(at(ENDS)),
        given::new_integration().and(given::invitation_accepted()),
        given::new_integration_for_known_developer(),
        given::verified(),
    ] {
        scene
            .when(admin(), commands::register_developer())
            .then_expect_error(Refusal::DeveloperAlreadyLinked);
    }
}

#[test]
fn r12_an_aiq_integrate_application_has_no_outside_developer() {
    let scene = given::aiq_integrate();
    scene
        .when(admin(), commands::register_developer())
        .then_expect_error(Refusal::NoOutsideDeveloper);
    for command in [
        commands::resend_invite(),
        commands::reset_otp(),
        commands::revoke_developer(),
    ] {
        scene
            .when(admin(), command)
            .then_expect_error(Refusal::NoDeveloperLinked);
    }
}

#[test]
fn r21_access_is_revoked_from_every_kind_of_linked_developer() {
    for scene in [
        given::new_integration(),
        given::new_integration().and(given::invitation_accepted()),
        given::new_integration_for_known_developer(),
        given::verified(),
        given::verified().and(given::suspended()),
    ] {
        scene
            .when(admin(), commands::revoke_developer())
            .then_expect_events(vec![given::developer_access_revoked()]);
        let app = scene.after(admin(), commands::revoke_developer()).app();
        assert_eq!(app.developer, DeveloperLink::None);
    }
}

#[test]
fn r21_without_a_developer_there_is_no_access_to_revoke() {
    given::new_integration_without_developer()
        .when(admin(), commands::revoke_developer())
        .then_expect_error(Refusal::NoDeveloperLinked);
}

#[test]
fn r21_secrets_that_were_left_running_can_be_ended_when_nobody_is_linked_any_more() {
    let left = given::with_two_secrets().after(admin(), commands::revoke_developer());
    let retire = commands::revoke_developer_and_secrets;
    left.when(admin(), retire())
        .then_expect_events(vec![given::secret_retired(1), given::secret_retired(2)]);
    left.when(admin(), commands::revoke_developer())
        .then_expect_error(Refusal::NoDeveloperLinked);
    for by in [auditor(), colleague()] {
        left.when(by, retire())
            .then_expect_error(Refusal::Forbidden("Manage Integration Applications"));
    }
    let stopped = left.after(admin(), retire());
    assert!(stopped.app().client_secrets.is_empty());
    stopped
        .when(admin(), retire())
        .then_expect_error(Refusal::NoDeveloperLinked);
}

#[test]
fn r12_an_admin_does_not_end_the_secrets_that_operators_handle() {
    given::aiq_integrate()
        .and(given::secret_generated(1, CREATED, None))
        .when(admin(), commands::revoke_developer_and_secrets())
        .then_expect_error(Refusal::NoDeveloperLinked);
}

#[test]
fn r21_revoked_access_hides_the_details_and_voids_invitation_and_otp_at_once() {
    let verified = given::verified().after(admin(), commands::revoke_developer());
    for command in [
        commands::reveal(),
        commands::verify("otp 1"),
        commands::generate_secret(1),
        commands::retire_secret(1),
    ] {
        verified.when(developer(), command).then_expect_error(Refusal::NotFound);
    }
    let invited = given::new_integration().after(admin(), commands::revoke_developer());
    for command in [
        commands::send_code("link 1", "code 1"),
        commands::sign_up("link 1", "code 1"),
    ] {
        invited
            .when(Principal::Invitee, command)
            .then_expect_error(Refusal::InviteUnknown);
    }
}

#[test]
fn r21_the_integration_keeps_running_unless_its_secrets_are_to_end_too() {
    let scene = given::with_two_secrets();
    let running = scene.clone().after(admin(), commands::revoke_developer());
    assert_eq!(running.app().client_secrets.len(), 2);
    scene
        .when(admin(), commands::revoke_developer_and_secrets())
        .then_expect_events(vec![
            given::developer_access_revoked(),
            given::secret_retired(1),
            given::secret_retired(2),
        ]);
    let stopped = scene.after(admin(), commands::revoke_developer_and_secrets());
    assert!(stopped.app().client_secrets.is_empty());
}

#[test]
fn r21_a_secret_whose_overlap_is_over_is_not_retired_again() {
    let both = [
        given::developer_access_revoked(),
        given::secret_retired(1),
        given::secret_retired(2),
    ];
    let newer = [given::developer_access_revoked(), given::secret_retired(2)];
    let scene = given::with_two_secrets();
    scene
        .clone()
        .at(just_before(ENDS))
        .when(admin(), commands::revoke_developer_and_secrets())
        .then_expect_events(both.to_vec());
    scene
        .at(at(ENDS))
        .when(admin(), commands::revoke_developer_and_secrets())
        .then_expect_events(newer.to_vec());
}

#[test]
fn r22_the_next_developer_does_not_inherit_what_the_one_before_had_verified() {
    let scene = given::with_one_secret()
        .after(admin(), commands::revoke_developer())
        .and(Event::DeveloperRegistered {
            email: email("eve@example.com").into(),
            developer_id: id(200),
            otp_digest: digest("otp 2"),
            otp_expires_at: at(ENDS),
        });
    scene
        .when(another_developer(), commands::reveal())
        .then_expect_error(Refusal::OtpVerificationNeeded);
    scene
        .when(developer(), commands::reveal())
        .then_expect_error(Refusal::NotFound);
    let taken_over = scene.after(another_developer(), commands::verify("otp 2"));
    taken_over
        .when(another_developer(), commands::retire_secret(1))
        .then_expect_events(vec![given::secret_retired(1)]);
}

#[test]
fn r22_details_need_the_linked_developer_and_the_verified_otp() {
    let details = [
        commands::reveal(),
        commands::generate_secret(2),
        commands::retire_secret(1),
    ];
    for command in details {
        for unverified in [
            given::new_integration(),
            given::new_integration().and(given::invitation_accepted()),
            given::new_integration_for_known_developer(),
        ] {
            unverified
                .when(developer(), command.clone())
                .then_expect_error(Refusal::OtpVerificationNeeded);
            unverified
                .when(another_developer(), command.clone())
                .then_expect_error(Refusal::NotFound);
        }
        let verified = given::with_one_secret();
        assert!(verified.answer(developer(), command.clone()).is_ok());
        verified
            .when(another_developer(), command)
            .then_expect_error(Refusal::NotFound);
    }
}

#[test]
fn r9_the_linked_developer_is_recognised_whatever_the_case_of_the_address() {
    let shouting = Principal::Developer {
        id: id(100),
        email: email("DEV@Example.COM"),
    };
    given::new_integration()
        .when(shouting, commands::verify("otp 1"))
        .then_expect_events(vec![given::developer_verified()]);
}

#[test]
fn r17_a_developer_who_signed_up_elsewhere_meanwhile_verifies_without_the_invitation() {
    given::new_integration()
        .when(developer(), commands::verify("otp 1"))
        .then_expect_events(vec![given::developer_verified()]);
}
