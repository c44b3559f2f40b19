//! What has happened before: whole scenes, and single facts to add to them.

use super::*;
use crate::api_permission::ApiPermission;
use crate::catalog::CategoryCode;
use crate::identifiers::ClientId;
use crate::integration_app::PreviousSecret;
use crate::text::AppName;

pub(super) fn nothing() -> Scene {
    Scene::with(Vec::new())
}

/// An application for Dev, who has no account and was invited.
pub(super) fn new_integration() -> Scene {
    Scene::with(vec![created(), invited()])
}

/// An application for Dev, who had an account already.
pub(super) fn new_integration_for_known_developer() -> Scene {
    Scene::with(vec![created(), registered()])
}

/// An application whose developer has been revoked.
pub(super) fn new_integration_without_developer() -> Scene {
    new_integration().and(developer_access_revoked())
}

/// An application that Dev has verified.
pub(super) fn verified() -> Scene {
    new_integration_for_known_developer().and(developer_verified())
}

/// An application with client secret 1, made by Dev at its creation.
pub(super) fn with_one_secret() -> Scene {
    verified().and(secret_generated(1, CREATED, None))
}

/// An application with client secrets 1 and 2, the first of which ends by default.
pub(super) fn with_two_secrets() -> Scene {
    with_one_secret().and(secret_generated(2, CREATED, Some((1, ENDS))))
}

/// A preset AIQ Integrate application.
pub(super) fn aiq_integrate() -> Scene {
    Scene::with(vec![aiq_integrate_created("crm_sync", false, "crm")])
}

/// A custom AIQ Integrate application.
pub(super) fn custom_aiq_integrate() -> Scene {
    Scene::with(vec![aiq_integrate_created("custom", true, "inventory")])
}

pub(super) fn created() -> Event {
    Event::NewIntegrationCreated {
        group_id: GroupId::parse("acme").unwrap(),
        client_id: ClientId("gbc_acme".into()),
        name: AppName::parse("Payroll Bridge").unwrap(),
        description: description("Moves payroll journals."),
        category: CategoryCode::parse("payroll_and_hr").unwrap(),
        api_permission: ApiPermission::ReadWrite,
        entities: entities(&["berlin", "dublin"]),
        ends_at: None,
    }
}

pub(super) fn aiq_integrate_created(code: &str, custom: bool, category: &str) -> Event {
    Event::AiqIntegrateCreated {
        group_id: GroupId::parse("acme").unwrap(),
        client_id: ClientId("gbc_acme".into()),
        integrate_type: code.into(),
        custom,
        name: AppName::parse("CRM Link").unwrap(),
        description: description("Keeps customers in step."),
        category: CategoryCode::parse(category).unwrap(),
        api_permission: ApiPermission::ReadWrite,
        entities: entities(&["berlin", "dublin"]),
        charges_accepted_by: UserId::parse("ada").unwrap(),
        data_access_accepted_by: UserId::parse("ada").unwrap(),
        ends_at: None,
    }
}

pub(super) fn invited() -> Event {
    Event::DeveloperInvited {
        email: email("dev@example.com").into(),
        invitation_digest: digest("link 1"),
        invitation_expires_at: at(ENDS),
        otp_digest: digest("otp 1"),
        otp_expires_at: at(ENDS),
    }
}

pub(super) fn registered() -> Event {
    Event::DeveloperRegistered {
        email: email("dev@example.com").into(),
        developer_id: id(100),
        otp_digest: digest("otp 1"),
        otp_expires_at: at(ENDS),
    }
}

pub(super) fn invitation_accepted() -> Event {
    Event::InvitationAccepted { developer_id: id(100) }
}

/// A code that was mailed at this moment and is valid for 10 minutes.
pub(super) fn code_sent(code: &str, sent_at: Timestamp) -> Event {
    Event::VerificationCodeSent {
        code_digest: digest(code),
        sent_at,
        expires_at: sent_at.plus(TimeDelta::minutes(10)),
    }
}

/// As many wrong verification codes, one after the other.
pub(super) fn codes_mistyped(times: u32) -> impl Iterator<Item = Event> {
    (0..times).map(|before| Event::VerificationCodeMistyped {
        attempts_left: 4 - before,
    })
}

/// As many wrong OTPs, one after the other.
pub(super) fn otps_mistyped(times: u32) -> impl Iterator<Item = Event> {
    (0..times).map(|before| Event::OneTimePasswordMistyped {
        attempts_left: 4 - before,
    })
}

pub(super) fn developer_verified() -> Event {
    Event::DeveloperVerified { developer_id: id(100) }
}

pub(super) fn developer_access_revoked() -> Event {
    Event::DeveloperAccessRevoked {
        email: email("dev@example.com").into(),
    }
}

pub(super) fn secret_generated(number: u128, made: &str, previous: Option<(u128, &str)>) -> Event {
    Event::ClientSecretGenerated {
        client_secret_id: id(number),
        prefix: format!("gbs_{number}"),
        secret_digest: digest(&format!("secret {number}")),
        created_at: at(made),
        previous: previous.map(|(number, ends)| PreviousSecret {
            client_secret_id: id(number),
            ends_at: at(ends),
            ends_anyway: false,
        }),
        ends_at: None,
    }
}

/// The same, replacing a secret that would have ended then anyway.
pub(super) fn secret_generated_beside(number: u128, made: &str, (older, ends): (u128, &str)) -> Event {
    let mut event = secret_generated(number, made, Some((older, ends)));
    if let Event::ClientSecretGenerated {
        previous: Some(previous),
        ..
    } = &mut event
    {
        previous.ends_anyway = true;
    }
    event
}

/// The same, with an end date of its own.
pub(super) fn secret_generated_until(number: u128, made: &str, end: &str) -> Event {
    let mut event = secret_generated(number, made, None);
    if let Event::ClientSecretGenerated { ends_at, .. } = &mut event {
        *ends_at = Some(at(end));
    }
    event
}

pub(super) fn end_date_changed(before: Option<&str>, after: Option<&str>) -> Event {
    Event::EndDateChanged {
        before: before.map(at),
        after: after.map(at),
    }
}

pub(super) fn secret_retired(number: u128) -> Event {
    Event::ClientSecretRetired {
        client_secret_id: id(number),
    }
}

/// Dev looked from the office.
pub(super) fn revealed(moment: &str) -> Event {
    revealed_to(OFFICE, moment)
}

pub(super) fn revealed_to(address: &str, moment: &str) -> Event {
    Event::CredentialsRevealed {
        developer_id: id(100),
        revealed_at: at(moment),
        ip_address: address.to_owned().into(),
    }
}

pub(super) fn suspended() -> Event {
    Event::ApplicationSuspended { reason: None }
}

pub(super) fn resumed() -> Event {
    Event::ApplicationResumed { reason: None }
}

pub(super) fn revoked() -> Event {
    Event::ApplicationRevoked {
        reason: None,
        revoked_at: at(CREATED),
    }
}
