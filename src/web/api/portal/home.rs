//! `GET /portal/api/v1/apps`: R17, R20, R22.

use axum::Json;
use axum::extract::State;
use gatebook_aggregates::attention::Attention;
use gatebook_aggregates::identifiers::AppId;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::groups::GroupRow;
use gatebook_projections::portal_apps::PortalAppRow;
use serde::Serialize;
use utoipa::ToSchema;

use crate::web::api::json::Named;
use crate::web::api::portal::problems::{QueryProblems, SessionProblems};
use crate::web::error::Problem;
use crate::web::extract::AuthenticatedDeveloper;
use crate::web::service::Service;

/// The developer's applications, sorted by name.
#[derive(Serialize, ToSchema)]
pub struct PortalHomeAnswer {
    /// Applications that still need their one-time password (OTP).
    otp_verification_needed: Vec<UnverifiedApp>,
    /// Verified applications.
    apps: Vec<PortalApp>,
}

/// An application that has not been verified yet.
#[derive(Serialize, ToSchema)]
pub struct UnverifiedApp {
    /// The application's id.
    #[schema(value_type = String, format = "uuid")]
    id: AppId,
    /// The name.
    name: String,
    /// The description.
    description: String,
    /// The group that owns the application.
    group: Named,
    /// `active` or `suspended`.
    #[schema(value_type = String)]
    status: &'static str,
    /// When the developer was assigned.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    assigned_at: Option<Timestamp>,
    /// When the OTP expires.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    otp_expires_at: Option<Timestamp>,
    /// The number of wrong tries left.
    #[schema(required)]
    otp_attempts_left: Option<i64>,
    /// `valid`, `expired` or `locked`. The admin can reset an expired or locked OTP.
    #[schema(required)]
    otp_state: Option<&'static str>,
    /// What needs attention, the most urgent first: `otp_locked`, `otp_expired`, `no_entities`. All of it waits for the admin.
    attention: Vec<&'static str>,
}

/// A verified application. Its credentials are in its details; viewing those is recorded (R28).
#[derive(Serialize, ToSchema)]
pub struct PortalApp {
    /// The application's id.
    #[schema(value_type = String, format = "uuid")]
    id: AppId,
    /// The name.
    name: String,
    /// The description.
    description: String,
    /// The group that owns the application.
    group: Named,
    /// `read` or `read_write`.
    #[schema(value_type = String)]
    api_permission: &'static str,
    /// `active`, `suspended` or `revoked`.
    #[schema(value_type = String)]
    status: &'static str,
    /// When the application ends by itself; null if it does not.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    ends_at: Option<Timestamp>,
    /// What needs attention, the most urgent first: `access_ends_today` and `no_entities` wait for the admin,
    /// `secret_ends_soon` for the developer.
    attention: Vec<&'static str>,
}

/// List my applications
#[utoipa::path(
    get,
    path = "/portal/api/v1/apps",
    tag = "Developers",
    responses((status = 200, description = "The applications.", body = PortalHomeAnswer), QueryProblems, SessionProblems),
    security(("developer_session" = []))
)]
pub async fn portal_home(
    State(service): State<Service>,
    developer: AuthenticatedDeveloper,
) -> Result<Json<PortalHomeAnswer>, Problem> {
    let home = service.portal_home(&developer.caller).await?;
    let now = service.clock.now();
    let waiting = home.otp_verification_needed.iter();
    let verified = home.apps.iter();
    Ok(Json(PortalHomeAnswer {
        otp_verification_needed: waiting
            .map(|(service, group)| unverified(service, group, now))
            .collect(),
        apps: verified
            .map(|(service, group)| PortalApp::new(service, group, now))
            .collect(),
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
        otp_state: app.otp_state(now).map(<&str>::from),
        attention: app.attention(group, now).into_iter().map(Attention::as_str).collect(),
    }
}

impl PortalApp {
    fn new(app: &PortalAppRow, group: &GroupRow, now: Timestamp) -> Self {
        Self {
            id: app.app_id,
            name: app.name.as_str().to_owned(),
            description: app.description.as_str().to_owned(),
            group: Named::group(group),
            api_permission: app.api_permission.as_str(),
            status: app.status.into(),
            ends_at: app.ends_at,
            attention: app.attention(group, now).into_iter().map(Attention::as_str).collect(),
        }
    }
}
