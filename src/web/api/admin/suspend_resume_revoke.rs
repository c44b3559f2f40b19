//! `POST /integration-apps/{id}/suspend`, `/resume` and `/revoke`.

use axum::extract::State;
use gatebook_aggregates::identifiers::AppId;
use gatebook_aggregates::text::Reason;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::application::{Caller, StatusChange};
use crate::log::VersionCondition;
use crate::web::api::admin::change::{InPath, KeyedBody, WithIfMatch, WithKey};
use crate::web::api::json::{Application, ChangeProblems, Versioned, text};
use crate::web::error::Problem;
use crate::web::extract::{Admin, IfMatch, PathOf};
use crate::web::service::Service;

/// The reason. The body may be left out.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithReason {
    /// The reason for the activity log, up to 500 characters.
    reason: Option<String>,
}

/// Suspend an application
///
/// Its tokens are refused at once, until it is resumed.
#[utoipa::path(
    post,
    path = "/api/v1/integration-apps/{id}/suspend",
    tag = "Admins",
    params(InPath, WithIfMatch, WithKey),
    request_body = Option<WithReason>,
    responses(
        (status = 200, description = "The application", body = Application, headers(
            ("ETag" = String, description = "The application's version, quoted")
        )),
        ChangeProblems
    ),
    security(("user_token" = []))
)]
pub async fn suspend_application(
    Admin(caller): Admin,
    State(service): State<Service>,
    PathOf(id): PathOf<AppId>,
    IfMatch(version): IfMatch,
    body: KeyedBody<WithReason>,
) -> Result<Versioned<Application>, Problem> {
    change_status(&service, &caller, id, version, body, StatusChange::Suspend).await
}

/// Resume an application
///
/// Ends a suspension.
#[utoipa::path(
    post,
    path = "/api/v1/integration-apps/{id}/resume",
    tag = "Admins",
    params(InPath, WithIfMatch, WithKey),
    request_body = Option<WithReason>,
    responses(
        (status = 200, description = "The application", body = Application, headers(
            ("ETag" = String, description = "The application's version, quoted")
        )),
        ChangeProblems
    ),
    security(("user_token" = []))
)]
pub async fn resume_application(
    Admin(caller): Admin,
    State(service): State<Service>,
    PathOf(id): PathOf<AppId>,
    IfMatch(version): IfMatch,
    body: KeyedBody<WithReason>,
) -> Result<Versioned<Application>, Problem> {
    change_status(&service, &caller, id, version, body, StatusChange::Resume).await
}

/// Revoke an application
///
/// This cannot be undone.
#[utoipa::path(
    post,
    path = "/api/v1/integration-apps/{id}/revoke",
    tag = "Admins",
    params(InPath, WithIfMatch, WithKey),
    request_body = Option<WithReason>,
    responses(
        (status = 200, description = "The application", body = Application, headers(
            ("ETag" = String, description = "The application's version, quoted")
        )),
        ChangeProblems
    ),
    security(("user_token" = []))
)]
pub async fn revoke_application(
    Admin(caller): Admin,
    State(service): State<Service>,
    PathOf(id): PathOf<AppId>,
    IfMatch(version): IfMatch,
    body: KeyedBody<WithReason>,
) -> Result<Versioned<Application>, Problem> {
    change_status(&service, &caller, id, version, body, StatusChange::Revoke).await
}

async fn change_status(
    service: &Service,
    caller: &Caller,
    id: AppId,
    version: VersionCondition,
    body: KeyedBody<WithReason>,
    change: StatusChange,
) -> Result<Versioned<Application>, Problem> {
    let (key, reason) = (body.key(caller)?, body.value.read()?);
    let (view, _) = service
        .change_status(caller, id, version, key.as_ref(), change, reason)
        .await?;
    Ok(Versioned::from(&view))
}

impl WithReason {
    fn read(&self) -> Result<Option<Reason>, Problem> {
        Ok(Reason::parse(text(&self.reason))?)
    }
}
