//! `GET /portal/api/v1/apps/{id}`: R22, R23.

use axum::extract::State;
use gatebook_aggregates::identifiers::AppId;
use gatebook_aggregates::timestamp::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::application::{AppDetails, Settings};
use crate::web::api::json::{ListedClientSecret, Named, Versioned};
use crate::web::api::portal::problems::{QueryProblems, SessionProblems};
use crate::web::error::Problem;
use crate::web::extract::{AuthenticatedDeveloper, PathOf};
use crate::web::service::Service;

/// The details of an application that its verified developer sees.
#[derive(Serialize, ToSchema)]
pub struct PortalAppDetails {
    /// The application's id.
    #[schema(value_type = String, format = "uuid")]
    id: AppId,
    /// The name.
    name: String,
    /// The description.
    description: String,
    /// The group that owns the application.
    group: Named,
    /// The OAuth client id.
    client_id: String,
    /// `read` or `read_write`.
    #[schema(value_type = String)]
    api_permission: &'static str,
    /// `active`, `suspended` or `revoked`.
    #[schema(value_type = String)]
    status: &'static str,
    /// When the application ends by itself; null if it does not.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    ends_at: Option<Timestamp>,
    /// The endpoints to use with the credentials.
    endpoints: Endpoints,
    /// The active client secrets, oldest first.
    client_secrets: Vec<ListedClientSecret>,
}

/// The endpoints to use with the credentials.
#[derive(Serialize, ToSchema)]
pub struct Endpoints {
    /// The OAuth token endpoint.
    #[schema(format = "uri")]
    token: String,
    /// The WSDL of the SOAP API.
    #[schema(format = "uri")]
    wsdl: String,
    /// The OAuth introspection endpoint, for resource servers.
    #[schema(format = "uri")]
    introspection: String,
    /// The documentation of the API.
    #[schema(format = "uri")]
    documentation: String,
}

/// Get one of my applications
///
/// With where its credentials go. Looking at it is recorded in the activity log.
#[utoipa::path(
    get,
    path = "/portal/api/v1/apps/{id}",
    tag = "Developers",
    params(("id" = String, Path, description = "The application's id.")),
    responses(
        (status = 200, description = "The details.", body = PortalAppDetails, headers(("ETag" = String, description = "The application's version, quoted"))),
        (status = 403, description = "`otp_verification_needed`: verify the OTP first.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`: it is not one of the developer's applications.", body = Problem, content_type = "application/problem+json"),
        QueryProblems,
        SessionProblems,
    ),
    security(("developer_session" = []))
)]
pub async fn portal_app_details(
    State(service): State<Service>,
    developer: AuthenticatedDeveloper,
    PathOf(app_id): PathOf<AppId>,
) -> Result<Versioned<PortalAppDetails>, Problem> {
    let developer = service.linked_developer(&developer.caller, app_id).await?;
    let details = service.app_details(&developer).await?;
    Ok(Versioned(
        details.app.version,
        PortalAppDetails::new(details, &service.settings),
    ))
}

impl PortalAppDetails {
    fn new(details: AppDetails, settings: &Settings) -> Self {
        let AppDetails {
            app,
            group,
            client_secrets,
        } = details;
        let secrets = client_secrets.into_iter();
        Self {
            id: app.app_id,
            name: app.name.as_str().to_owned(),
            description: app.description.as_str().to_owned(),
            group: Named::group(&group),
            client_id: app.client_id.0,
            api_permission: app.api_permission.as_str(),
            status: app.status.into(),
            ends_at: app.ends_at,
            endpoints: Endpoints::new(settings),
            client_secrets: secrets.map(ListedClientSecret::from).collect(),
        }
    }
}

impl Endpoints {
    fn new(settings: &Settings) -> Self {
        Self {
            token: format!("{}/oauth/token", settings.public_url),
            wsdl: settings.wsdl_url.clone(),
            introspection: format!("{}/oauth/introspect", settings.public_url),
            documentation: settings.documentation_url.clone(),
        }
    }
}
