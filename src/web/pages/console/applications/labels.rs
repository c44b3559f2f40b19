//! Labels for the codes and fields of applications, in the words of the help article.

use gatebook_aggregates::catalog::{CATEGORIES, INTEGRATE_TYPES};
use gatebook_aggregates::integration_app::{IntegrationType, Status};
use gatebook_projections::app_list::{AppRow, DeveloperStatus};

use crate::web::pages::end_date;

/// Fields and codes as error messages name them, and their labels on the screen.
pub const WORDS: &[(&str, &str)] = &[
    ("name", "Application Name"),
    ("description", "Application Description"),
    ("category", "Category"),
    ("developer_email", "Integration/Developers Email"),
    ("email", "Developer’s e-mail"),
    ("api_permission", "API Permissions"),
    ("read", "Read"),
    ("read_write", "Read & Write"),
    ("reason", "Reason"),
    (end_date::ENDS_AT, end_date::LABEL),
];

pub fn status(status: Status) -> &'static str {
    match status {
        Status::Active => "Active",
        Status::Suspended => "Suspended",
        Status::Revoked => "Revoked",
    }
}

pub fn developer_status(status: DeveloperStatus) -> &'static str {
    match status {
        DeveloperStatus::None => "No developer",
        DeveloperStatus::Invited => "Invited",
        DeveloperStatus::OtpPending => "OTP Verification Needed",
        DeveloperStatus::Verified => "Verified",
    }
}

pub fn integration_type(kind: IntegrationType) -> &'static str {
    match kind {
        IntegrationType::NewIntegration => "New Integration",
        IntegrationType::AiqIntegrate => "AIQ Integrate",
    }
}

/// R5: the integration type, with the catalogue entry of an AIQ Integrate application.
pub fn type_of(app: &AppRow) -> String {
    let kind = integration_type(app.integration_type);
    match app.integrate_type.as_deref() {
        Some(code) => format!("{kind}: {}", integrate_type(code)),
        None => kind.to_owned(),
    }
}

/// R8: the name of a category.
pub fn category(code: &str) -> &str {
    let found = CATEGORIES.iter().find(|category| category.code == code);
    found.map_or(code, |category| category.name)
}

/// R8: every category as an option, after an empty one with the label `nothing`.
pub fn categories(nothing: &'static str) -> Vec<(&'static str, &'static str)> {
    let all = CATEGORIES.iter().map(|category| (category.code, category.name));
    std::iter::once(("", nothing)).chain(all).collect()
}

/// R5: the name of an AIQ Integrate type.
fn integrate_type(code: &str) -> &str {
    let found = INTEGRATE_TYPES.iter().find(|entry| entry.code == code);
    found.map_or(code, |entry| entry.name)
}

/// `1 entity`, `2 entities`.
pub fn entities(count: usize) -> String {
    match count {
        1 => "1 entity".to_owned(),
        n => format!("{n} entities"),
    }
}
