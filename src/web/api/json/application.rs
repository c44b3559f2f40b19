//! The application as admins and operators see it.

use gatebook_aggregates::attention::Attention;
use gatebook_aggregates::identifiers::AppId;
use gatebook_aggregates::timestamp::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::application::{self, AppView};
use crate::web::api::json::developer::VerificationJson;
use crate::web::api::json::group::Named;

/// An integration application.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Application {
    /// The application's id.
    #[schema(value_type = String, format = "uuid")]
    id: AppId,
    /// The OAuth client id.
    client_id: String,
    /// `new_integration` or `aiq_integrate`.
    integration_type: &'static str,
    /// The AIQ Integrate type's code from the catalogue; null for a New Integration.
    #[schema(required)]
    integrate_type: Option<String>,
    /// The name. It never changes.
    name: String,
    /// The description.
    description: String,
    /// The category's code from the catalogue.
    category: String,
    /// `read` or `read_write`. It never changes.
    api_permission: &'static str,
    /// The entities whose data the application may use.
    entities: Vec<Named>,
    /// The ids of selected entities that the group no longer has. The application has no access to them. If the group
    /// gets one back, access returns, unless the entities have been edited since.
    removed_entities: Vec<String>,
    /// `active`, `suspended` or `revoked`. An end date does not change it.
    status: &'static str,
    /// When the application ends by itself; null if it does not. From then on its tokens are refused, as `app_expired`.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    ends_at: Option<Timestamp>,
    /// The outside developer.
    developer: LinkedDeveloper,
    /// Why somebody should look at it, the most urgent reason first: `otp_locked`, `mail_refused`, `access_ends_today`,
    /// `secret_ends_soon`, `invitation_expired`, `otp_expired`, `no_entities`, `never_used` or `unused_90_days`. Empty for
    /// applications that are suspended or revoked.
    attention: Vec<&'static str>,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Who created it.
    created_by: Named,
    /// When it was revoked; null if it has not been.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    revoked_at: Option<Timestamp>,
    /// The version, which grows with every change. In quotes, it is the ETag.
    version: i64,
}

/// The outside developer of an application.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct LinkedDeveloper {
    /// `none`, `invited`, `otp_pending` or `verified`.
    status: &'static str,
    /// The developer's e-mail address; null if none is linked.
    #[schema(required)]
    email: Option<String>,
    /// The developer's name; null until they have verified this application.
    #[schema(required)]
    name: Option<String>,
}

/// A new application.
#[derive(Serialize, ToSchema)]
pub struct CreatedApplication {
    #[serde(flatten)]
    application: Application,
    /// The developer's one-time password, shown once. It is absent for an AIQ Integrate application, and null if a
    /// repeated answer can no longer show it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<VerificationJson>)]
    verification: Option<Option<VerificationJson>>,
}

/// An application with its group.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ApplicationOfGroup {
    #[serde(flatten)]
    application: Application,
    /// The group that owns the application.
    group: Named,
}

impl From<&AppView> for Application {
    fn from(view: &AppView) -> Self {
        let app = view.app();
        Self {
            id: app.app_id,
            client_id: app.client_id.0.clone(),
            integration_type: app.integration_type.as_str(),
            integrate_type: app.integrate_type.clone(),
            name: app.name.as_str().to_owned(),
            description: app.description.as_str().to_owned(),
            category: app.category.as_str().to_owned(),
            api_permission: app.api_permission.as_str(),
            entities: view.entities().map(Named::entity).collect(),
            removed_entities: view.removed_entities().map(ToString::to_string).collect(),
            status: app.status.into(),
            ends_at: app.ends_at,
            developer: LinkedDeveloper::from(view),
            attention: view.attention().into_iter().map(Attention::as_str).collect(),
            created_at: app.created_at,
            created_by: Named {
                id: app.created_by_id.clone(),
                name: app.created_by_name.clone(),
            },
            revoked_at: app.revoked_at,
            version: app.version,
        }
    }
}

impl From<&AppView> for LinkedDeveloper {
    fn from(view: &AppView) -> Self {
        Self {
            status: view.developer_status().as_str(),
            email: view.app().developer_email.as_ref().map(ToString::to_string),
            name: view.developer_name().map(|name| name.as_str().to_owned()),
        }
    }
}

impl From<&AppView> for ApplicationOfGroup {
    fn from(view: &AppView) -> Self {
        Self {
            application: Application::from(view),
            group: Named::group(view.group()),
        }
    }
}

impl CreatedApplication {
    /// The application, with the verification that is shown once.
    pub fn new(view: &AppView, shown: Option<application::Verification>) -> Self {
        let verified = view.app().integration_type.has_outside_developer();
        let verification = verified.then_some(shown.map(VerificationJson::from));
        Self {
            application: Application::from(view),
            verification,
        }
    }
}
