//! `POST /integration-apps`: creates an application of either type.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use gatebook_aggregates::api_permission::ApiPermission;
use gatebook_aggregates::catalog::{CategoryCode, integrate_type};
use gatebook_aggregates::email_address::EmailAddress;
use gatebook_aggregates::integration_app::IntegrationType;
use gatebook_aggregates::text::{AppName, Description};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::application::{AiqIntegrateForm, Creation, NewIntegrationForm};
use crate::web::api::admin::change::{KeyedBody, WithKey};
use crate::web::api::json::{ChangeProblems, CreatedApplication, Fields, Versioned, flag, text};
use crate::web::error::Problem;
use crate::web::extract::Admin;
use crate::web::service::Service;

/// The new application. `integration_type` decides which of the other fields apply.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateApplication {
    /// `new_integration` or `aiq_integrate`.
    #[schema(value_type = String)]
    pub integration_type: Option<String>,
    /// AIQ Integrate only: the code of a type from the catalogue.
    pub integrate_type: Option<String>,
    /// 1 to 100 characters. It must be unique and cannot be changed later; a name is never used twice.
    #[schema(value_type = String)]
    pub name: Option<String>,
    /// 1 to 2,000 characters.
    #[schema(value_type = String)]
    pub description: Option<String>,
    /// The code of a category from the catalogue. Leave it out for AIQ Integrate types that are not custom; they have a
    /// fixed category.
    pub category: Option<String>,
    /// New Integration only: the e-mail address of the developer to invite.
    pub developer_email: Option<String>,
    /// New Integration only: `read` or `read_write`. It cannot be changed later.
    pub api_permission: Option<String>,
    /// The ids of the entities whose data the application may use; at least one.
    #[schema(value_type = Vec<String>)]
    pub entities: Option<Vec<String>>,
    /// When the application ends by itself (RFC 3339), in the future. It can be changed later. The default is never.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ends_at: Option<String>,
    /// AIQ Integrate only: must be true, to accept that the application is chargeable.
    #[serde(default, deserialize_with = "flag")]
    pub accept_charges: Option<bool>,
    /// AIQ Integrate only: must be true, to accept that the provider's team will have access to the data.
    #[serde(default, deserialize_with = "flag")]
    pub accept_data_access: Option<bool>,
}

/// Create an application
///
/// The answer for a New Integration holds the one-time password for its developer, who is invited by e-mail.
#[utoipa::path(
    post,
    path = "/api/v1/integration-apps",
    tag = "Admins",
    params(WithKey),
    request_body(content = CreateApplication, examples(
        ("New Integration" = (value = json!({
            "integration_type": "new_integration", "name": "Payroll Bridge", "description": "Books our payroll.",
            "category": "payroll_and_hr", "developer_email": "dev@example.com", "api_permission": "read_write",
            "entities": ["berlin"]
        }))),
        ("AIQ Integrate" = (value = json!({
            "integration_type": "aiq_integrate", "integrate_type": "bank_feeds", "name": "Bank Feeds Berlin",
            "description": "Books our statements.", "entities": ["berlin"], "accept_charges": true,
            "accept_data_access": true
        })))
    )),
    responses(
        (status = 201, description = "The application", body = CreatedApplication, headers(
            ("ETag" = String, description = "The application's version, quoted"), ("Location" = String, description = "The application's path")
        )),
        ChangeProblems
    ),
    security(("user_token" = []))
)]
pub async fn create_application(
    Admin(caller): Admin,
    State(service): State<Service>,
    body: KeyedBody<CreateApplication>,
) -> Result<impl IntoResponse, Problem> {
    let key = body.key(&caller)?;
    let (view, shown) = service
        .create_app(caller.manager()?, body.value.read()?, key.as_ref())
        .await?;
    let location = format!("/api/v1/integration-apps/{}", view.app().app_id);
    let answer = Versioned(view.app().version, CreatedApplication::new(&view, shown));
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], answer))
}

impl CreateApplication {
    /// The application to create, or all errors in the request.
    pub fn read(self) -> Result<Creation, Problem> {
        match IntegrationType::parse(text(&self.integration_type))? {
            IntegrationType::NewIntegration => self.new_integration().map(Creation::NewIntegration),
            IntegrationType::AiqIntegrate => self.aiq_integrate().map(Creation::AiqIntegrate),
        }
    }

    fn new_integration(self) -> Result<NewIntegrationForm, Problem> {
        let mut fields = Fields::default();
        fields.not_for_this_type([
            ("integrate_type", self.integrate_type.is_some()),
            ("accept_charges", self.accept_charges.is_some()),
            ("accept_data_access", self.accept_data_access.is_some()),
        ]);
        let name = fields.read(AppName::parse(text(&self.name)));
        let description = fields.read(Description::parse(text(&self.description)));
        let category = fields.read(CategoryCode::parse(text(&self.category)));
        let developer_email = fields.read(EmailAddress::parse("developer_email", text(&self.developer_email)));
        let api_permission = fields.read(ApiPermission::parse(text(&self.api_permission)));
        let entities = fields.entities(self.entities);
        let ends_at = self.ends_at.as_deref().and_then(|end| fields.time("ends_at", end));
        fields.finish(|| {
            Some(NewIntegrationForm {
                name: name?,
                description: description?,
                category: category?,
                developer_email: developer_email?,
                api_permission: api_permission?,
                entities: entities?,
                ends_at,
            })
        })
    }

    fn aiq_integrate(self) -> Result<AiqIntegrateForm, Problem> {
        let mut fields = Fields::default();
        fields.not_for_this_type([
            ("developer_email", self.developer_email.is_some()),
            ("api_permission", self.api_permission.is_some()),
        ]);
        let integrate_type = fields.read(integrate_type(text(&self.integrate_type)));
        let name = fields.read(AppName::parse(text(&self.name)));
        let description = fields.read(Description::parse(text(&self.description)));
        let category = self
            .category
            .as_deref()
            .and_then(|code| fields.read(CategoryCode::parse(code)));
        let entities = fields.entities(self.entities);
        let ends_at = self.ends_at.as_deref().and_then(|end| fields.time("ends_at", end));
        let (accept_charges, accept_data_access) = (self.accept_charges, self.accept_data_access);
        fields.finish(|| {
            Some(AiqIntegrateForm {
                integrate_type: integrate_type?,
                name: name?,
                description: description?,
                category,
                entities: entities?,
                ends_at,
                accept_charges: accept_charges.unwrap_or_default(),
                accept_data_access: accept_data_access.unwrap_or_default(),
            })
        })
    }
}

impl Fields {
    fn not_for_this_type<const N: usize>(&mut self, sent: [(&str, bool); N]) {
        for (field, _) in sent.into_iter().filter(|(_, sent)| *sent) {
            let message = format!("The field “{field}” does not apply to this integration type.");
            self.refuse(field, "unknown_field", message);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn codes(body: serde_json::Value) -> Vec<(String, String)> {
        let body: CreateApplication = serde_json::from_value(body).unwrap();
        let problem = body.read().unwrap_err();
        problem
            .errors
            .into_iter()
            .map(|error| (error.field, error.code))
            .collect()
    }

    fn reported(reported: &[(&str, &str)]) -> Vec<(String, String)> {
        reported
            .iter()
            .map(|(field, code)| ((*field).to_owned(), (*code).to_owned()))
            .collect()
    }

    #[test]
    fn r5_an_application_is_of_one_of_two_types() {
        assert_eq!(codes(json!({})), reported(&[("integration_type", "required")]));
        let other = json!({"integration_type": "other"});
        assert_eq!(
            codes(other),
            reported(&[("integration_type", "invalid_integration_type")])
        );
    }

    #[test]
    fn everything_that_is_missing_from_a_new_integration_is_told_at_once() {
        let body = json!({"integration_type": "new_integration", "name": null});
        let required = [
            "name",
            "description",
            "category",
            "developer_email",
            "api_permission",
            "entities",
        ];
        assert_eq!(codes(body), reported(&required.map(|field| (field, "required"))));
    }

    #[test]
    fn r12_an_aiq_integrate_application_has_no_developer_to_name() {
        let body = json!({
            "integration_type": "aiq_integrate", "integrate_type": "bank_feeds", "name": "a", "description": "b",
            "entities": ["e"], "developer_email": "dev@example.com"
        });
        assert_eq!(codes(body), reported(&[("developer_email", "unknown_field")]));
    }
}
