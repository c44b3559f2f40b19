//! The application, as admins and operators see it.

use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::app_list::IntegrationType;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::application::{self, AppView};
use crate::web::api::json::developer::VerificationJson;
use crate::web::api::json::group::Named;

/// An integration application.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Application {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    id: Uuid,
    /// Its OAuth client id.
    client_id: String,
    /// `new_integration` or `aiq_integrate`.
    integration_type: &'static str,
    /// The catalogue's code of an AIQ Integrate application; null for a New Integration.
    #[schema(required)]
    integrate_type: Option<String>,
    /// Its name. Never changes.
    name: String,
    /// What it is for.
    description: String,
    /// The catalogue's code of its category.
    category: String,
    /// `read` or `read_write`. Never changes.
    api_permission: &'static str,
    /// The entities whose data it may use.
    entities: Vec<Named>,
    /// The ids of entities that were chosen and that the group has no more. They open nothing; should the group get one
    /// back, it opens again, unless the entities have been edited meanwhile.
    removed_entities: Vec<String>,
    /// `active`, `suspended` or `revoked`.
    status: &'static str,
    /// Its outside developer.
    developer: LinkedDeveloper,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Who created it.
    created_by: Named,
    /// When it was revoked; null before.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    revoked_at: Option<Timestamp>,
    /// How often it has changed; quoted, its ETag.
    version: i64,
}

/// How far the outside developer of an application is.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct LinkedDeveloper {
    /// `none`, `invited`, `otp_pending` or `verified`.
    status: &'static str,
    /// Their address; null when nobody is linked.
    #[schema(required)]
    email: Option<String>,
    /// Their name; null before they have verified for this application.
    #[schema(required)]
    name: Option<String>,
}

/// An application that was just created.
#[derive(Serialize, ToSchema)]
pub struct CreatedApplication {
    #[serde(flatten)]
    application: Application,
    /// What the developer verifies with, shown once; absent for an AIQ Integrate application, null when a repeated
    /// answer may not show it any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<VerificationJson>)]
    verification: Option<Option<VerificationJson>>,
}

/// An application with its group.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ApplicationOfGroup {
    #[serde(flatten)]
    application: Application,
    /// Its group.
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
            developer: LinkedDeveloper::from(view),
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
    /// The application, and what is shown of it once.
    pub fn new(view: &AppView, shown: Option<application::Verification>) -> Self {
        let verified = view.app().integration_type == IntegrationType::NewIntegration;
        let verification = verified.then_some(shown.map(VerificationJson::from));
        Self {
            application: Application::from(view),
            verification,
        }
    }
}
