//! R18, R19: Resend Invite, the verification code, and the end of signing up.

use super::*;
use crate::integration_app::{CODE_MAX_TRIES, CODE_VALID_FOR, CODES_PER_WINDOW, INVITATION_VALID_FOR, typed_code};

fn resent(expires_at: Timestamp) -> Event {
    Event::InvitationResent {
        email: email("dev@example.com").into(),
        invitation_digest: digest("link 2"),
        invitation_expires_at: expires_at,
    }
}

/// Minutes and milliseconds after the creation.
fn minute(minutes: i64, millis: i64) -> Timestamp {
    at(CREATED).plus(TimeDelta::minutes(minutes) + TimeDelta::milliseconds(millis))
}

#[test]
fn r18_r19_the_article_promises_3_days_ten_minutes_and_five_tries() {
    assert_eq!(INVITATION_VALID_FOR, TimeDelta::days(3));
    assert_eq!(CODE_VALID_FOR, TimeDelta::minutes(10));
    assert_eq!(CODE_MAX_TRIES, 5);
    assert_eq!(CODES_PER_WINDOW, 5);
}

#[test]
fn r18_a_link_shows_the_invited_address_until_72_hours_after_it_was_sent() {
    let app = given::new_integration().app();
    let link = digest("link 1");
    for moment in [at(CREATED), just_before(ENDS)] {
        let (invited, invitation) = app.invitation(moment, &link).unwrap();
        assert_eq!(invited.as_str(), "dev@example.com");
        assert_eq!(invitation.expires_at, at(ENDS));
    }
    for moment in [at(ENDS), at(ENDS).plus(ONE_MS)] {
        let refused = app.invitation(moment, &link).unwrap_err();
        assert_eq!(refused, Refusal::InviteExpired);
    }
}

#[test]
fn r18_an_expired_link_sends_no_code_and_signs_nobody_up() {
    let scene = given::new_integration().and(given::code_sent("code 1", just_before(ENDS)));
    for command in [
        commands::send_code("link 1", "code 2"),
        commands::sign_up("link 1", "code 1"),
    ] {
        assert!(
            scene
                .clone()
                .at(just_before(ENDS))
                .answer(Principal::Invitee, command.clone())
                .is_ok()
        );
        scene
            .clone()
            .at(at(ENDS))
            .when(Principal::Invitee, command)
            .then_expect_error(Refusal::InviteExpired);
    }
}

#[test]
fn r18_a_link_that_was_never_sent_replaced_used_or_voided_is_unknown() {
    let scenes = [
        (given::new_integration(), "link 7"),
        (given::new_integration().and(resent(at(ENDS))), "link 1"),
        (given::new_integration().and(given::invitation_accepted()), "link 1"),
        (given::new_integration_for_known_developer(), "link 1"),
        (given::verified(), "link 1"),
        (given::new_integration_without_developer(), "link 1"),
        (given::new_integration().and(given::revoked()), "link 1"),
        (given::aiq_integrate(), "link 1"),
    ];
    for (scene, link) in scenes {
        for command in [commands::send_code(link, "code 1"), commands::sign_up(link, "code 1")] {
            // Off the plan and after its end, too: who lacks the link learns nothing.
            for scene in [scene.clone(), scene.clone().off_the_plan().at(at(ENDS))] {
                scene
                    .when(Principal::Invitee, command.clone())
                    .then_expect_error(Refusal::InviteUnknown);
            }
        }
    }
}

#[test]
fn r18_resending_makes_a_new_link_for_3_days_from_now_expired_or_not() {
    for (now, ends) in [
        ("2026-11-23T09:00:00.000Z", "2026-11-26T09:00:00.000Z"),
        ("2026-12-24T20:00:00.000Z", "2026-12-27T20:00:00.000Z"),
    ] {
        given::new_integration()
            .at(at(now))
            .when(admin(), commands::resend_invite())
            .then_expect_events(vec![resent(at(ends))]);
    }
}

#[test]
fn r18_resending_kills_the_old_link_and_its_code() {
    let scene = given::new_integration()
        .and(given::code_sent("code 1", at(CREATED)))
        .after(admin(), commands::resend_invite());
    scene
        .when(Principal::Invitee, commands::sign_up("link 1", "code 1"))
        .then_expect_error(Refusal::InviteUnknown);
    scene
        .when(Principal::Invitee, commands::sign_up("link 2", "code 1"))
        .then_expect_error(Refusal::CodeExpired);
    scene
        .when(Principal::Invitee, commands::send_code("link 2", "code 2"))
        .then_expect_events(vec![given::code_sent("code 2", at(CREATED))]);
}

#[test]
fn r18_resending_leaves_the_otp_as_it_is() {
    given::new_integration()
        .after(admin(), commands::resend_invite())
        .when(developer(), commands::verify("otp 1"))
        .then_expect_events(vec![given::developer_verified()]);
}

#[test]
fn r18_resending_is_refused_once_the_developer_has_signed_up() {
    for scene in [
        given::new_integration().and(given::invitation_accepted()),
        given::new_integration_for_known_developer(),
        given::verified(),
    ] {
        scene
            .when(admin(), commands::resend_invite())
            .then_expect_error(Refusal::DeveloperAlreadySignedUp);
    }
    let signed_up_through_another_application = AppCommand::ResendInvite {
        account: Some(id(100)),
        invitation_digest: digest("link 2"),
    };
    given::new_integration()
        .when(admin(), signed_up_through_another_application)
        .then_expect_error(Refusal::DeveloperAlreadySignedUp);
}

#[test]
fn r16_r18_a_new_invite_and_otp_come_together_and_kill_the_old_ones() {
    for now in [at(CREATED), at(ENDS)] {
        let ends = now.plus(INVITATION_VALID_FOR);
        let both = vec![
            resent(ends),
            Event::OneTimePasswordReset {
                email: email("dev@example.com").into(),
                otp_digest: digest("otp 2"),
                otp_expires_at: ends,
            },
        ];
        let scene = given::new_integration().at(now);
        scene.when(admin(), commands::invite_anew()).then_expect_events(both);
        let scene = scene.after(admin(), commands::invite_anew());
        scene
            .when(Principal::Invitee, commands::send_code("link 1", "code 1"))
            .then_expect_error(Refusal::InviteUnknown);
        scene
            .when(developer(), commands::verify("otp 1"))
            .then_expect_events(vec![Event::OneTimePasswordMistyped { attempts_left: 4 }]);
    }
}

#[test]
fn r16_r18_a_new_invite_and_otp_are_refused_both_once_the_developer_has_signed_up() {
    let with_account = AppCommand::InviteAnew {
        account: Some(id(100)),
        invitation_digest: digest("link 2"),
        otp_digest: digest("otp 2"),
    };
    given::new_integration()
        .when(admin(), with_account)
        .then_expect_error(Refusal::DeveloperAlreadySignedUp);
    for scene in [given::new_integration_for_known_developer(), given::verified()] {
        scene
            .when(admin(), commands::invite_anew())
            .then_expect_error(Refusal::DeveloperAlreadySignedUp);
    }
    given::new_integration_without_developer()
        .when(admin(), commands::invite_anew())
        .then_expect_error(Refusal::NoDeveloperLinked);
}

#[test]
fn r18_without_a_developer_nothing_is_resent() {
    given::new_integration_without_developer()
        .when(admin(), commands::resend_invite())
        .then_expect_error(Refusal::NoDeveloperLinked);
}

#[test]
fn r18_an_expired_invitation_does_not_keep_the_developer_from_being_replaced() {
    given::new_integration()
        .at(at(ENDS))
        .after(admin(), commands::revoke_developer())
        .after(admin(), commands::register_developer())
        .when(Principal::Invitee, commands::send_code("link 1", "code 1"))
        .then_expect_events(vec![given::code_sent("code 1", at(ENDS))]);
}

#[test]
fn r19_a_code_is_mailed_and_the_right_one_ends_the_sign_up() {
    let scene = given::new_integration();
    scene
        .when(Principal::Invitee, commands::send_code("link 1", "code 1"))
        .then_expect_events(vec![given::code_sent("code 1", at(CREATED))]);
    let scene = scene.after(Principal::Invitee, commands::send_code("link 1", "code 1"));
    scene
        .when(Principal::Invitee, commands::sign_up("link 1", "code 1"))
        .then_expect_events(vec![given::invitation_accepted()]);
}

#[test]
fn r19_a_code_is_valid_for_10_minutes_and_not_a_millisecond_longer() {
    let scene = given::new_integration().and(given::code_sent("code 1", at(CREATED)));
    scene
        .clone()
        .at(minute(10, -1))
        .when(Principal::Invitee, commands::sign_up("link 1", "code 1"))
        .then_expect_events(vec![given::invitation_accepted()]);
    for moment in [minute(10, 0), minute(10, 1)] {
        for code in ["code 1", "wrong"] {
            scene
                .clone()
                .at(moment)
                .when(Principal::Invitee, commands::sign_up("link 1", code))
                .then_expect_error(Refusal::CodeExpired);
        }
    }
}

#[test]
fn r19_without_a_code_nobody_signs_up() {
    given::new_integration()
        .when(Principal::Invitee, commands::sign_up("link 1", "code 1"))
        .then_expect_error(Refusal::CodeExpired);
}

#[test]
fn r19_each_wrong_code_is_a_fact_and_five_of_them_end_the_code() {
    let after = |tries| {
        given::new_integration()
            .and(given::code_sent("code 1", at(CREATED)))
            .and_all(given::codes_mistyped(tries))
    };
    for tries in 0..5 {
        after(tries)
            .when(Principal::Invitee, commands::sign_up("link 1", "wrong"))
            .then_expect_events(vec![Event::VerificationCodeMistyped {
                attempts_left: 4 - tries,
            }]);
    }
    after(4)
        .when(Principal::Invitee, commands::sign_up("link 1", "code 1"))
        .then_expect_events(vec![given::invitation_accepted()]);
    for code in ["code 1", "wrong"] {
        after(5)
            .when(Principal::Invitee, commands::sign_up("link 1", code))
            .then_expect_error(Refusal::CodeExpired);
    }
}

#[test]
fn r19_a_new_code_has_five_tries_and_replaces_the_one_before() {
    let scene = given::new_integration()
        .and(given::code_sent("code 1", at(CREATED)))
        .and_all(given::codes_mistyped(5))
        .and(given::code_sent("code 2", at(CREATED)));
    scene
        .when(Principal::Invitee, commands::sign_up("link 1", "code 2"))
        .then_expect_events(vec![given::invitation_accepted()]);
    scene
        .when(Principal::Invitee, commands::sign_up("link 1", "code 1"))
        .then_expect_events(vec![Event::VerificationCodeMistyped { attempts_left: 4 }]);
}

#[test]
fn r19_five_codes_are_mailed_within_ten_minutes_and_the_sixth_has_to_wait() {
    let sent = |times: i64| {
        let codes = (0..times).map(|minutes| given::code_sent("code", minute(minutes, 0)));
        given::new_integration().and_all(codes)
    };
    let send = || commands::send_code("link 1", "code");
    let mailed_at = |moment| vec![given::code_sent("code", moment)];
    sent(4)
        .at(minute(4, 0))
        .when(Principal::Invitee, send())
        .then_expect_events(mailed_at(minute(4, 0)));
    for (too_early, retry_after_seconds) in [(minute(4, 0), 360), (minute(10, -1), 1)] {
        sent(5)
            .at(too_early)
            .when(Principal::Invitee, send())
            .then_expect_error(Refusal::TooManyCodes {
                retry_at: minute(10, 0),
                retry_after_seconds,
            });
    }
    let sixth = sent(5).at(minute(10, 0));
    sixth
        .when(Principal::Invitee, send())
        .then_expect_events(mailed_at(minute(10, 0)));
    sixth
        .after(Principal::Invitee, send())
        .when(Principal::Invitee, send())
        .then_expect_error(Refusal::TooManyCodes {
            retry_at: minute(11, 0),
            retry_after_seconds: 60,
        });
}

#[test]
fn r19_signing_up_goes_on_while_the_application_is_suspended() {
    let scene = given::new_integration()
        .and(given::code_sent("code 1", at(CREATED)))
        .and(given::suspended());
    scene
        .when(Principal::Invitee, commands::sign_up("link 1", "code 1"))
        .then_expect_events(vec![given::invitation_accepted()]);
}

#[test]
fn r19_a_code_is_six_digits_however_they_are_spaced() {
    for typed in [
        "123456",
        " 123 456\n",
        "123-456",
        "12-34-56",
        "１２３４５６",
        "\u{200b}123\u{2013}456",
    ] {
        assert_eq!(typed_code(typed).unwrap(), "123456", "{typed:?}");
    }
    for typed in ["", "12345", "1234567", "12345a", "1234567.", "+12345"] {
        assert_eq!(typed_code(typed).unwrap_err().code, "invalid_code", "{typed:?}");
    }
}
