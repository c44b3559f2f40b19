//! R27, R28: Suspend, Resume, Revoke, and downloads of the log.

use super::*;
use crate::integration_app::Status;
use crate::log_format::LogFormat;

#[test]
fn r27_suspending_stops_and_resuming_restarts_each_with_its_reason() {
    let suspend = AppCommand::Suspend {
        reason: reason("Audit"),
    };
    let resume = AppCommand::Resume {
        reason: reason("Audit passed"),
    };
    let suspended = Event::ApplicationSuspended {
        reason: reason("Audit"),
    };
    let resumed = Event::ApplicationResumed {
        reason: reason("Audit passed"),
    };
    let scene = given::new_integration();
    scene.when(admin(), suspend).then_expect_events(vec![suspended.clone()]);
    let scene = scene.and(suspended);
    assert_eq!(scene.app().status, Status::Suspended);
    scene.when(admin(), resume).then_expect_events(vec![resumed.clone()]);
    assert_eq!(scene.and(resumed).app().status, Status::Active);
}

#[test]
fn r27_suspending_twice_is_suspending_once() {
    given::new_integration()
        .and(given::suspended())
        .when(admin(), commands::suspend())
        .then_expect_events(vec![]);
}

#[test]
fn r27_only_a_suspended_application_is_resumed() {
    for scene in [
        given::new_integration(),
        given::new_integration().and(given::suspended()).and(given::resumed()),
    ] {
        scene
            .when(admin(), commands::resume())
            .then_expect_error(Refusal::NotSuspended);
    }
}

#[test]
fn r27_an_active_or_suspended_application_is_revoked_and_the_log_says_when_and_why() {
    let revoke = || AppCommand::Revoke {
        reason: reason("Contract ended"),
    };
    let revoked = Event::ApplicationRevoked {
        reason: reason("Contract ended"),
        revoked_at: at(CREATED),
    };
    for scene in [
        given::new_integration(),
        given::verified(),
        given::aiq_integrate(),
        given::new_integration().and(given::suspended()),
    ] {
        scene
            .when(integration_admin(), revoke())
            .then_expect_events(vec![revoked.clone()]);
        assert_eq!(scene.after(admin(), revoke()).app().status, Status::Revoked);
    }
}

#[test]
fn r27_revoking_twice_is_revoking_once() {
    given::new_integration()
        .and(given::revoked())
        .when(admin(), commands::revoke())
        .then_expect_events(vec![]);
}

#[test]
fn r27_a_revoked_application_can_neither_be_suspended_nor_resumed() {
    for scene in [
        given::new_integration().and(given::revoked()),
        given::new_integration().and(given::suspended()).and(given::revoked()),
    ] {
        for command in [commands::suspend(), commands::resume()] {
            scene.when(admin(), command).then_expect_error(Refusal::AppRevoked);
        }
    }
}

#[test]
fn r28_a_download_of_the_log_is_in_the_log_with_format_and_range() {
    let (from, to) = (Some(at(CREATED)), Some(at(ENDS)));
    for format in [LogFormat::Csv, LogFormat::Ndjson] {
        let command = AppCommand::RecordActivityLogDownload { format, from, to };
        let fact = Event::ActivityLogDownloaded { format, from, to };
        for by in [admin(), integration_admin(), auditor(), Principal::Operator] {
            given::new_integration()
                .when(by, command.clone())
                .then_expect_events(vec![fact.clone()]);
        }
    }
}

#[test]
fn r28_every_download_is_recorded_and_none_changes_the_application() {
    let scene = given::new_integration();
    let before = scene.app();
    let after = scene
        .after(auditor(), commands::download_log())
        .after(auditor(), commands::download_log());
    assert_eq!(after.facts.len(), 4);
    assert_eq!(after.app(), before);
}
