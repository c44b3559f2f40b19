//! `POST /rehearsals` and `GET /integration-apps/{id}/usage/unused`: before something is taken away.

use std::str::FromStr;

use axum::Json;
use axum::extract::State;
use gatebook_aggregates::identifiers::AppId;
use gatebook_aggregates::integration_app::Changes;
use gatebook_aggregates::refusal::FieldProblem;
use gatebook_aggregates::rehearsal::ChangeKind;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::application::AppChange;
use crate::web::api::admin::change::InPath;
use crate::web::api::admin::edit_application::entities_edit;
use crate::web::api::json::{
    ChangeFields, Fields, Patch, ReadProblems, RehearsalJson, RehearsalProblems, UnusedGrantsJson, flag, text,
};
use crate::web::error::Problem;
use crate::web::extract::{Admin, JsonBody, PathOf};
use crate::web::service::Service;

/// The code for what cannot be the id of a client secret.
pub const INVALID_SECRET: &str = "invalid_client_secret_id";

/// What admins can rehearse.
const OFFERED: [ChangeKind; 6] = [
    ChangeKind::ChangeEntities,
    ChangeKind::Suspend,
    ChangeKind::Revoke,
    ChangeKind::RetireClientSecret,
    ChangeKind::RevokeDeveloperAccess,
    ChangeKind::NarrowPermission,
];

/// The change to rehearse. `change` decides which of the other fields apply.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rehearse {
    /// The application's id.
    #[schema(value_type = String, format = "uuid")]
    app_id: Option<String>,
    /// `change_entities`, `suspend`, `revoke`, `retire_client_secret`, `revoke_developer_access` or `narrow_permission`. The
    /// last one is what *Read* would have done instead of *Read & Write*: no call does it, because a permission never changes.
    #[schema(value_type = String)]
    change: Option<String>,
    /// `change_entities`: all entities that the application may use afterwards. Not together with the two lists below.
    #[serde(default)]
    #[schema(value_type = Vec<String>, required = false)]
    entities: Patch<Vec<String>>,
    /// `change_entities`: entities that the application may use besides.
    #[serde(default)]
    #[schema(value_type = Vec<String>, required = false)]
    add_entities: Patch<Vec<String>>,
    /// `change_entities`: entities that the application may no longer use.
    #[serde(default)]
    #[schema(value_type = Vec<String>, required = false)]
    remove_entities: Patch<Vec<String>>,
    /// `retire_client_secret`: the client secret's id.
    #[schema(format = "uuid")]
    client_secret_id: Option<String>,
    /// `revoke_developer_access`: whether to retire the client secrets, too. The default is false.
    #[serde(default, deserialize_with = "flag")]
    #[schema(value_type = bool, required = false, default = false)]
    retire_client_secrets: Option<bool>,
}

/// Rehearse a change
///
/// Tells which calls of the last 90 days a change would have stopped: the gate decides about each kind of call that was counted
/// as if the change had been made. Nothing is changed. Whoever may not make the change is refused like there.
#[utoipa::path(
    post,
    path = "/api/v1/rehearsals",
    tag = "Admins",
    request_body = Rehearse,
    responses((status = 200, description = "What the change would have stopped", body = RehearsalJson), RehearsalProblems),
    security(("user_token" = []))
)]
pub async fn rehearse(
    Admin(caller): Admin,
    State(service): State<Service>,
    body: JsonBody<Rehearse>,
) -> Result<Json<RehearsalJson>, Problem> {
    let (app_id, change) = body.value.read()?;
    let rehearsal = service.rehearse(&caller, app_id, change).await?;
    Ok(Json(RehearsalJson::from(&rehearsal)))
}

/// Show an application's unused grants
///
/// What it may do and has not done in the last 90 days: entities that no call has named, and writing.
#[utoipa::path(
    get,
    path = "/api/v1/integration-apps/{id}/usage/unused",
    tag = "Admins",
    params(InPath),
    responses((status = 200, description = "What was granted and not used", body = UnusedGrantsJson), ReadProblems),
    security(("user_token" = []))
)]
pub async fn get_unused_grants(
    Admin(caller): Admin,
    State(service): State<Service>,
    PathOf(id): PathOf<AppId>,
) -> Result<Json<UnusedGrantsJson>, Problem> {
    let grants = service.unused_grants(caller.reader()?, id).await?;
    let names = caller.member()?.group().customer.entities.iter();
    let names = names.map(|(id, name)| (id.clone(), name.as_str().to_owned())).collect();
    Ok(Json(UnusedGrantsJson::new(grants, &names)))
}

impl Rehearse {
    fn read(self) -> Result<(AppId, AppChange), Problem> {
        let mut fields = Fields::default();
        let app_id = fields.read(id("app_id", "invalid_app_id", text(&self.app_id)));
        let kind = fields.read(ChangeKind::parse(text(&self.change), &OFFERED));
        let sent = [
            ("entities", self.entities != Patch::Not),
            ("add_entities", self.add_entities != Patch::Not),
            ("remove_entities", self.remove_entities != Patch::Not),
            ("client_secret_id", self.client_secret_id.is_some()),
            ("retire_client_secrets", self.retire_client_secrets.is_some()),
        ];
        let mut only = |kind: ChangeKind, taken: &[&str]| fields.only(kind.as_str(), taken, &sent);
        let change = match kind {
            None => None,
            Some(kind @ ChangeKind::ChangeEntities) => {
                only(kind, &["entities", "add_entities", "remove_entities"]);
                if sent.iter().all(|(_, is_sent)| !is_sent) {
                    fields.refuse("entities", "required", "Name the entities.");
                }
                let entities = entities_edit(self.entities, self.add_entities, self.remove_entities, &mut fields);
                entities.map(|entities| {
                    AppChange::Edit(Changes {
                        entities: Some(entities),
                        ..Changes::default()
                    })
                })
            }
            Some(kind @ ChangeKind::Suspend) => {
                only(kind, &[]);
                Some(AppChange::Suspend)
            }
            Some(kind @ ChangeKind::Revoke) => {
                only(kind, &[]);
                Some(AppChange::Revoke)
            }
            Some(kind @ ChangeKind::RetireClientSecret) => {
                only(kind, &["client_secret_id"]);
                let secret = fields.read(id("client_secret_id", INVALID_SECRET, text(&self.client_secret_id)));
                secret.map(AppChange::RetireClientSecret)
            }
            Some(kind @ ChangeKind::RevokeDeveloperAccess) => {
                only(kind, &["retire_client_secrets"]);
                Some(AppChange::RevokeDeveloperAccess {
                    retire_client_secrets: self.retire_client_secrets.unwrap_or_default(),
                })
            }
            Some(kind @ ChangeKind::NarrowPermission) => {
                only(kind, &[]);
                Some(AppChange::NarrowPermission)
            }
            // Operators change groups.
            Some(ChangeKind::RemoveEntity | ChangeKind::ChangePlan) => None,
        };
        fields.finish(|| Some((app_id?, change?)))
    }
}

/// An id that was sent in a field.
///
/// # Errors
/// `required`, or this code.
pub fn id<T: FromStr>(field: &str, invalid: &'static str, text: &str) -> Result<T, FieldProblem> {
    if text.is_empty() {
        return Err(FieldProblem::new(field, "required", format!("Fill in “{field}”.")));
    }
    let problem = |_| FieldProblem::new(field, invalid, format!("“{field}” has an invalid value."));
    text.parse().map_err(problem)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const APP: &str = "0199b2cc-4d5e-7f60-8172-8d9e0f1a2b3c";

    fn codes(body: serde_json::Value) -> Vec<(String, String)> {
        let body: Rehearse = serde_json::from_value(body).unwrap();
        let errors = body.read().map(|_| Vec::new()).unwrap_or_else(|problem| problem.errors);
        errors.into_iter().map(|error| (error.field, error.code)).collect()
    }

    fn reported(reported: &[(&str, &str)]) -> Vec<(String, String)> {
        reported
            .iter()
            .map(|(field, code)| ((*field).to_owned(), (*code).to_owned()))
            .collect()
    }

    #[test]
    fn a_rehearsal_names_an_application_and_a_change() {
        let nothing = [("app_id", "required"), ("change", "required")];
        assert_eq!(codes(json!({})), reported(&nothing));
        let wrong = [("app_id", "invalid_app_id"), ("change", "invalid_change")];
        assert_eq!(codes(json!({"app_id": "x", "change": "stop"})), reported(&wrong));
        for of_group in ["remove_entity", "change_plan"] {
            let body = json!({"app_id": APP, "change": of_group});
            assert_eq!(codes(body), reported(&[("change", "invalid_change")]));
        }
        assert!(codes(json!({"app_id": APP, "change": "suspend"})).is_empty());
    }

    #[test]
    fn a_field_that_the_change_does_not_take_is_refused() {
        let body = json!({"app_id": APP, "change": "suspend", "entities": [], "client_secret_id": APP});
        let unknown = [("entities", "unknown_field"), ("client_secret_id", "unknown_field")];
        assert_eq!(codes(body), reported(&unknown));
        let body = json!({"app_id": APP, "change": "change_entities"});
        assert_eq!(codes(body), reported(&[("entities", "required")]));
        let body = json!({"app_id": APP, "change": "retire_client_secret", "client_secret_id": "x"});
        assert_eq!(
            codes(body),
            reported(&[("client_secret_id", "invalid_client_secret_id")])
        );
    }
}
