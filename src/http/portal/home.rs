//! `GET /portal/api/v1/apps`: R17, R20, R22.

use axum::Json;
use axum::extract::State;
use gatebook_aggregates::identifiers::AppId;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::groups::GroupRow;
use gatebook_projections::portal_apps::PortalAppRow;
use serde::Serialize;
use utoipa::ToSchema;

use super::problems::{QueryProblems, SessionProblems};
use crate::http::error::Problem;
use crate::http::extract::{App, Developer};
use crate::http::json::Named;

/// The developer's applications, by name.
#[derive(Serialize, ToSchema)]
pub struct PortalHomeAnswer {
    /// Those that wait for their one-time password (OTP).
    otp_verification_needed: Vec<UnverifiedApp>,
    /// Those that were verified.
    apps: Vec<PortalApp>,
}

/// An application before its OTP was entered.
#[derive(Serialize, ToSchema)]
pub struct UnverifiedApp {
    /// The application's id.
    #[schema(value_type = String, format = "uuid")]
    id: AppId,
    /// Its name.
    name: String,
    /// What it is for.
    description: String,
    /// Whose it is.
    group: Named,
    /// `active` or `suspended`.
    #[schema(value_type = String)]
    status: &'static str,
    /// When the developer was assigned.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    assigned_at: Option<Timestamp>,
    /// When the OTP ends.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    otp_expires_at: Option<Timestamp>,
    /// Wrong tries that are left.
    #[schema(required)]
    otp_attempts_left: Option<i64>,
    /// Whether the OTP can still be used; if not, the admin can reset it.
    otp_state: OtpState,
}

/// Whether an OTP can still be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OtpState {
    /// It can.
    Valid,
    /// Its three days are over.
    Expired,
    /// There were five wrong tries.
    Locked,
}

/// A verified application. Its credentials are in its details: looking at them is recorded (R28).
#[derive(Serialize, ToSchema)]
pub struct PortalApp {
    /// The application's id.
    #[schema(value_type = String, format = "uuid")]
    id: AppId,
    /// Its name.
    name: String,
    /// What it is for.
    description: String,
    /// Whose it is.
    group: Named,
    /// `read` or `read_write`.
    #[schema(value_type = String)]
    api_permission: &'static str,
    /// `active`, `suspended` or `revoked`.
    #[schema(value_type = String)]
    status: &'static str,
}

/// Which applications are mine?
#[utoipa::path(
    get,
    path = "/portal/api/v1/apps",
    tag = "Developers",
    responses((status = 200, description = "The applications.", body = PortalHomeAnswer), QueryProblems, SessionProblems),
    security(("developer_session" = []))
)]
pub async fn portal_home(State(app): State<App>, developer: Developer) -> Result<Json<PortalHomeAnswer>, Problem> {
    let home = app.portal_home(&developer.caller).await?;
    let now = app.clock.now();
    let waiting = home.otp_verification_needed.iter();
    let verified = home.apps.iter();
    Ok(Json(PortalHomeAnswer {
        otp_verification_needed: waiting.map(|(app, group)| unverified(app, group, now)).collect(),
        apps: verified.map(|(app, group)| PortalApp::new(app, group)).collect(),
    }))
}

fn unverified(app: &PortalAppRow, group: &GroupRow, now: Timestamp) -> UnverifiedApp {
    UnverifiedApp {
        id: app.app_id,
        name: app.name.as_str().to_owned(),
        description: app.description.as_str().to_owned(),
        group: Named::group(group),
        status: app.status.into(),
        assigned_at: app.assigned_at,
        otp_expires_at: app.otp_expires_at,
        otp_attempts_left: app.otp_attempts_left,
        otp_state: otp_state(app.otp_attempts_left, app.otp_expires_at, now),
    }
}

/// R14, R15, as the aggregate tells them apart: locked comes before expired.
fn otp_state(attempts_left: Option<i64>, expires_at: Option<Timestamp>, now: Timestamp) -> OtpState {
    match (attempts_left, expires_at) {
        (Some(0), _) => OtpState::Locked,
        (_, Some(expires_at)) if now < expires_at => OtpState::Valid,
        _ => OtpState::Expired,
    }
}

impl PortalApp {
    fn new(app: &PortalAppRow, group: &GroupRow) -> Self {
        Self {
            id: app.app_id,
            name: app.name.as_str().to_owned(),
            description: app.description.as_str().to_owned(),
            group: Named::group(group),
            api_permission: app.api_permission.as_str(),
            status: app.status.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r14_r15_the_state_of_an_otp_is_told_by_the_clock_and_the_tries() {
        let end = Timestamp::parse("2026-11-23T09:15:00.000Z").unwrap();
        let before = Timestamp::parse("2026-11-23T09:14:59.999Z").unwrap();
        assert_eq!(otp_state(Some(5), Some(end), before), OtpState::Valid);
        assert_eq!(otp_state(Some(1), Some(end), end), OtpState::Expired);
        assert_eq!(otp_state(Some(0), Some(end), before), OtpState::Locked);
        assert_eq!(otp_state(Some(0), Some(end), end), OtpState::Locked);
    }
}
