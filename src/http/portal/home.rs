//! `GET /portal/api/v1/apps`: R17, R20, R22.

use axum::Json;
use axum::extract::State;
use gatebook_aggregates::identifiers::AppId;
use gatebook_aggregates::integration_app::DeadBecause;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::groups::GroupRow;
use gatebook_projections::portal_apps::PortalAppRow;
use serde::Serialize;
use utoipa::ToSchema;

use super::problems::SessionProblems;
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

/// A verified application.
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
    /// Its OAuth client id.
    client_id: String,
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
    responses((status = 200, description = "The applications.", body = PortalHomeAnswer), SessionProblems),
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
        otp_state: otp_state(app.dead_otp(now)),
    }
}

fn otp_state(dead: Option<DeadBecause>) -> OtpState {
    match dead {
        None => OtpState::Valid,
        Some(DeadBecause::Expired) => OtpState::Expired,
        Some(DeadBecause::Locked) => OtpState::Locked,
    }
}

impl PortalApp {
    fn new(app: &PortalAppRow, group: &GroupRow) -> Self {
        Self {
            id: app.app_id,
            name: app.name.as_str().to_owned(),
            description: app.description.as_str().to_owned(),
            group: Named::group(group),
            client_id: app.client_id.0.clone(),
            api_permission: app.api_permission.as_str(),
            status: app.status.into(),
        }
    }
}
