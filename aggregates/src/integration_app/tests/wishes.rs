//! What can be asked, ready to ask.

use super::*;
use crate::api_permission::ApiPermission;
use crate::catalog::{CategoryCode, integrate_type};
use crate::identifiers::ClientId;
use crate::integration_app::{AiqIntegrate, Changes, DeveloperInvite, FreshSecret, LogFormat, NewIntegration};
use crate::words::AppName;

pub(super) fn new_integration() -> NewIntegration {
    NewIntegration {
        client_id: ClientId("gbc_acme".into()),
        name: AppName::parse("Payroll Bridge").unwrap(),
        description: description("Moves payroll journals."),
        category: CategoryCode::parse("payroll_and_hr").unwrap(),
        api_permission: ApiPermission::ReadWrite,
        entities: entities(&["berlin", "dublin"]),
        developer: invite(None),
    }
}

pub(super) fn aiq_integrate(code: &str) -> AiqIntegrate {
    AiqIntegrate {
        client_id: ClientId("gbc_acme".into()),
        integrate_type: integrate_type(code).unwrap(),
        name: AppName::parse("CRM Link").unwrap(),
        description: description("Keeps customers in step."),
        category: None,
        entities: entities(&["berlin", "dublin"]),
        accept_charges: true,
        accept_data_access: true,
    }
}

/// Dev as developer; the account is the one Dev has, if any.
pub(super) fn invite(account: Option<Uuid>) -> DeveloperInvite {
    DeveloperInvite {
        email: email("dev@example.com"),
        account,
        invitation_digest: digest("link 1"),
        otp_digest: digest("otp 1"),
    }
}

pub(super) fn describe(text: &str) -> Wish {
    Wish::ChangeDetails(Changes {
        description: Some(description(text)),
        ..Changes::default()
    })
}

pub(super) fn categorise(code: &str) -> Wish {
    Wish::ChangeDetails(Changes {
        category: Some(CategoryCode::parse(code).unwrap()),
        ..Changes::default()
    })
}

pub(super) fn open_entities(ids: &[&str]) -> Wish {
    Wish::ChangeDetails(Changes {
        entities: Some(entities(ids)),
        ..Changes::default()
    })
}

pub(super) fn register_developer() -> Wish {
    Wish::RegisterDeveloper(invite(None))
}

pub(super) fn resend_invite() -> Wish {
    Wish::ResendInvite {
        account: None,
        invitation_digest: digest("link 2"),
    }
}

pub(super) fn reset_otp() -> Wish {
    Wish::ResetOneTimePassword {
        otp_digest: digest("otp 2"),
    }
}

pub(super) fn revoke_developer() -> Wish {
    Wish::RevokeDeveloperAccess {
        retire_client_secrets: false,
    }
}

pub(super) fn revoke_developer_and_secrets() -> Wish {
    Wish::RevokeDeveloperAccess {
        retire_client_secrets: true,
    }
}

pub(super) fn suspend() -> Wish {
    Wish::Suspend { reason: None }
}

pub(super) fn resume() -> Wish {
    Wish::Resume { reason: None }
}

pub(super) fn revoke() -> Wish {
    Wish::Revoke { reason: None }
}

pub(super) fn download_log() -> Wish {
    Wish::RecordActivityLogDownload {
        format: LogFormat::Csv,
        from: None,
        to: None,
    }
}

pub(super) fn send_code(link: &str, code: &str) -> Wish {
    Wish::SendVerificationCode {
        invitation_digest: digest(link),
        code_digest: digest(code),
    }
}

pub(super) fn sign_up(link: &str, code: &str) -> Wish {
    Wish::AcceptInvitation {
        invitation_digest: digest(link),
        code_digest: digest(code),
        developer_id: id(100),
    }
}

pub(super) fn verify(otp: &str) -> Wish {
    Wish::VerifyOneTimePassword {
        otp_digest: Some(digest(otp)),
    }
}

pub(super) fn verify_gibberish() -> Wish {
    Wish::VerifyOneTimePassword { otp_digest: None }
}

/// Dev looks from the office.
pub(super) fn reveal() -> Wish {
    reveal_to(OFFICE)
}

pub(super) fn reveal_to(address: &str) -> Wish {
    Wish::RevealCredentials {
        ip_address: address.to_owned(),
    }
}

pub(super) fn generate_secret(number: u128) -> Wish {
    generate_secret_with(number, None)
}

pub(super) fn generate_secret_with(number: u128, overlap: Option<TimeDelta>) -> Wish {
    let secret = FreshSecret {
        id: id(number),
        prefix: format!("gbs_{number}"),
        digest: digest(&format!("secret {number}")),
    };
    Wish::GenerateClientSecret { secret, overlap }
}

pub(super) fn retire_secret(number: u128) -> Wish {
    Wish::RetireClientSecret {
        client_secret_id: id(number),
    }
}

/// Who asks such a thing with good reason. No catch-all: a new wish has to think of the tables in `who_may_ask`.
pub(super) fn rightful_asker(wish: &Wish) -> Asker {
    match wish {
        Wish::CreateNewIntegration(_)
        | Wish::CreateAiqIntegrate(_)
        | Wish::ChangeDetails(_)
        | Wish::RegisterDeveloper(_)
        | Wish::ResendInvite { .. }
        | Wish::ResetOneTimePassword { .. }
        | Wish::RevokeDeveloperAccess { .. }
        | Wish::Suspend { .. }
        | Wish::Resume { .. }
        | Wish::Revoke { .. } => admin(),
        Wish::RecordActivityLogDownload { .. } => auditor(),
        Wish::SendVerificationCode { .. } | Wish::AcceptInvitation { .. } => Asker::Invitee,
        Wish::VerifyOneTimePassword { .. }
        | Wish::RevealCredentials { .. }
        | Wish::GenerateClientSecret { .. }
        | Wish::RetireClientSecret { .. } => developer(),
    }
}

/// Every wish about an application that exists.
pub(super) fn every_wish() -> Vec<Wish> {
    [
        admin_wishes(),
        vec![download_log()],
        invitee_wishes(),
        developer_wishes(),
    ]
    .concat()
}

/// What the holder of the invitation link asks.
pub(super) fn invitee_wishes() -> Vec<Wish> {
    vec![send_code("link 1", "code 2"), sign_up("link 1", "code 1")]
}

/// What the developer asks in the portal.
pub(super) fn developer_wishes() -> Vec<Wish> {
    vec![
        verify("otp 1"),
        verify("wrong"),
        verify_gibberish(),
        reveal(),
        generate_secret(9),
        retire_secret(1),
    ]
}

/// Every change that only an admin of the group can ask for.
pub(super) fn admin_wishes() -> Vec<Wish> {
    vec![
        describe("Another purpose."),
        categorise("other"),
        open_entities(&["paris"]),
        register_developer(),
        resend_invite(),
        reset_otp(),
        revoke_developer(),
        revoke_developer_and_secrets(),
        suspend(),
        resume(),
        revoke(),
    ]
}
