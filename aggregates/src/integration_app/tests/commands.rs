//! What can be asked, ready to ask.

use super::*;
use crate::api_permission::ApiPermission;
use crate::catalog::{CategoryCode, integrate_type};
use crate::identifiers::{ClientId, DeveloperId};
use crate::integration_app::{
    AiqIntegrate, Changes, DeveloperInvite, EntitiesEdit, EntitiesToChange, FreshSecret, NewIntegration,
};
use crate::log_format::LogFormat;
use crate::text::AppName;

pub(super) fn new_integration() -> NewIntegration {
    NewIntegration {
        client_id: ClientId("gbc_acme".into()),
        name: AppName::parse("Payroll Bridge").unwrap(),
        description: description("Moves payroll journals."),
        category: CategoryCode::parse("payroll_and_hr").unwrap(),
        api_permission: ApiPermission::ReadWrite,
        entities: entities(&["berlin", "dublin"]),
        ends_at: None,
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
        ends_at: None,
        accept_charges: true,
        accept_data_access: true,
    }
}

/// Dev as developer; the account is the one Dev has, if any.
pub(super) fn invite(account: Option<DeveloperId>) -> DeveloperInvite {
    DeveloperInvite {
        email: email("dev@example.com"),
        account,
        invitation_digest: digest("link 1"),
        otp_digest: digest("otp 1"),
    }
}

pub(super) fn describe(text: &str) -> AppCommand {
    AppCommand::ChangeDetails(Changes {
        description: Some(description(text)),
        ..Changes::default()
    })
}

pub(super) fn categorise(code: &str) -> AppCommand {
    AppCommand::ChangeDetails(Changes {
        category: Some(CategoryCode::parse(code).unwrap()),
        ..Changes::default()
    })
}

pub(super) fn open_entities(ids: &[&str]) -> AppCommand {
    AppCommand::ChangeDetails(Changes {
        entities: Some(EntitiesEdit::All(entities(ids))),
        ..Changes::default()
    })
}

pub(super) fn change_entities(add: &[&str], remove: &[&str]) -> AppCommand {
    let change = EntitiesToChange::parse(entities(add), entities(remove)).unwrap();
    AppCommand::ChangeDetails(Changes {
        entities: Some(EntitiesEdit::Difference(change)),
        ..Changes::default()
    })
}

pub(super) fn register_developer() -> AppCommand {
    AppCommand::RegisterDeveloper(invite(None))
}

pub(super) fn resend_invite() -> AppCommand {
    AppCommand::ResendInvite {
        account: None,
        invitation_digest: digest("link 2"),
    }
}

pub(super) fn invite_anew() -> AppCommand {
    AppCommand::InviteAnew {
        account: None,
        invitation_digest: digest("link 2"),
        otp_digest: digest("otp 2"),
    }
}

pub(super) fn reset_otp() -> AppCommand {
    AppCommand::ResetOneTimePassword {
        otp_digest: digest("otp 2"),
    }
}

pub(super) fn revoke_developer() -> AppCommand {
    AppCommand::RevokeDeveloperAccess {
        retire_client_secrets: false,
    }
}

pub(super) fn revoke_developer_and_secrets() -> AppCommand {
    AppCommand::RevokeDeveloperAccess {
        retire_client_secrets: true,
    }
}

pub(super) fn suspend() -> AppCommand {
    AppCommand::Suspend { reason: None }
}

pub(super) fn resume() -> AppCommand {
    AppCommand::Resume { reason: None }
}

pub(super) fn revoke() -> AppCommand {
    AppCommand::Revoke { reason: None }
}

pub(super) fn download_log() -> AppCommand {
    AppCommand::RecordActivityLogDownload {
        format: LogFormat::Csv,
        from: None,
        to: None,
    }
}

pub(super) fn send_code(link: &str, code: &str) -> AppCommand {
    AppCommand::SendVerificationCode {
        invitation_digest: digest(link),
        code_digest: digest(code),
    }
}

pub(super) fn sign_up(link: &str, code: &str) -> AppCommand {
    AppCommand::AcceptInvitation {
        invitation_digest: digest(link),
        code_digest: digest(code),
        developer_id: id(100),
    }
}

pub(super) fn verify(otp: &str) -> AppCommand {
    AppCommand::VerifyOneTimePassword {
        otp_digest: Some(digest(otp)),
    }
}

pub(super) fn verify_gibberish() -> AppCommand {
    AppCommand::VerifyOneTimePassword { otp_digest: None }
}

/// Dev looks from the office.
pub(super) fn reveal() -> AppCommand {
    reveal_to(OFFICE)
}

pub(super) fn reveal_to(address: &str) -> AppCommand {
    AppCommand::RevealCredentials {
        ip_address: address.to_owned(),
    }
}

pub(super) fn generate_secret(number: u128) -> AppCommand {
    generate_secret_with(number, None)
}

pub(super) fn generate_secret_with(number: u128, overlap: Option<TimeDelta>) -> AppCommand {
    let secret = FreshSecret {
        id: id(number),
        prefix: format!("gbs_{number}"),
        digest: digest(&format!("secret {number}")),
    };
    AppCommand::GenerateClientSecret {
        secret,
        overlap,
        ends_at: None,
    }
}

pub(super) fn generate_secret_until(number: u128, end: Timestamp) -> AppCommand {
    match generate_secret(number) {
        AppCommand::GenerateClientSecret { secret, overlap, .. } => AppCommand::GenerateClientSecret {
            secret,
            overlap,
            ends_at: Some(end),
        },
        other => other,
    }
}

pub(super) fn set_end(end: Option<Timestamp>) -> AppCommand {
    AppCommand::ChangeDetails(Changes {
        end_date: Some(end.into()),
        ..Changes::default()
    })
}

pub(super) fn retire_secret(number: u128) -> AppCommand {
    AppCommand::RetireClientSecret {
        client_secret_id: id(number),
    }
}

/// Who asks such a thing with good reason. No catch-all: a new command has to think of the tables in `who_may_ask`.
pub(super) fn rightful_principal(command: &AppCommand) -> Principal {
    match command {
        AppCommand::CreateNewIntegration(_)
        | AppCommand::CreateAiqIntegrate(_)
        | AppCommand::ChangeDetails(_)
        | AppCommand::RegisterDeveloper(_)
        | AppCommand::ResendInvite { .. }
        | AppCommand::ResetOneTimePassword { .. }
        | AppCommand::InviteAnew { .. }
        | AppCommand::RevokeDeveloperAccess { .. }
        | AppCommand::Suspend { .. }
        | AppCommand::Resume { .. }
        | AppCommand::Revoke { .. } => admin(),
        AppCommand::RecordActivityLogDownload { .. } => auditor(),
        AppCommand::SendVerificationCode { .. } | AppCommand::AcceptInvitation { .. } => Principal::Invitee,
        AppCommand::VerifyOneTimePassword { .. }
        | AppCommand::RevealCredentials { .. }
        | AppCommand::GenerateClientSecret { .. }
        | AppCommand::RetireClientSecret { .. } => developer(),
    }
}

/// Every command about an application that exists.
pub(super) fn every_command() -> Vec<AppCommand> {
    [
        admin_commands(),
        vec![download_log()],
        invitee_commands(),
        developer_commands(),
    ]
    .concat()
}

/// What the holder of the invitation link asks.
pub(super) fn invitee_commands() -> Vec<AppCommand> {
    vec![send_code("link 1", "code 2"), sign_up("link 1", "code 1")]
}

/// What the developer asks in the portal.
pub(super) fn developer_commands() -> Vec<AppCommand> {
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
pub(super) fn admin_commands() -> Vec<AppCommand> {
    vec![
        describe("Another purpose."),
        categorise("other"),
        open_entities(&["paris"]),
        set_end(Some(at("2027-01-01T00:00:00.000Z"))),
        register_developer(),
        resend_invite(),
        reset_otp(),
        invite_anew(),
        revoke_developer(),
        revoke_developer_and_secrets(),
        suspend(),
        resume(),
        revoke(),
    ]
}
