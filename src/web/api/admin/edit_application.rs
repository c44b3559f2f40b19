//! `PATCH /integration-apps/{id}`.

use std::collections::BTreeSet;

use axum::extract::State;
use gatebook_aggregates::catalog::CategoryCode;
use gatebook_aggregates::identifiers::AppId;
use gatebook_aggregates::integration_app::{Changes, EndDateEdit, EntitiesEdit, EntitiesToChange};
use gatebook_aggregates::refusal::Refusal;
use gatebook_aggregates::text::Description;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::web::api::admin::change::{InPath, KeyedBody, WithIfMatch, WithKey};
use crate::web::api::json::{Application, ChangeProblems, Fields, IsPresent, Patch, Versioned};
use crate::web::error::Problem;
use crate::web::extract::{Admin, IfMatch, PathOf};
use crate::web::service::Service;

/// The changes. Fields that are left out stay as they are.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditApplication {
    /// 1 to 2,000 characters.
    #[serde(default)]
    #[schema(value_type = String, required = false)]
    description: Patch<String>,
    /// The code of a category from the catalogue. A custom AIQ Integrate application keeps its category.
    #[serde(default)]
    #[schema(value_type = String, required = false)]
    category: Patch<String>,
    /// The ids of all entities that the application may use. The list may be empty. Not together with the two lists below.
    #[serde(default)]
    #[schema(value_type = Vec<String>, required = false)]
    entities: Patch<Vec<String>>,
    /// The ids of entities that the application may use from now on, besides those that it has. Adding one that it has
    /// changes nothing.
    #[serde(default)]
    #[schema(value_type = Vec<String>, required = false)]
    add_entities: Patch<Vec<String>>,
    /// The ids of entities that the application may no longer use. Removing one that it does not have changes nothing.
    #[serde(default)]
    #[schema(value_type = Vec<String>, required = false)]
    remove_entities: Patch<Vec<String>>,
    /// When the application ends by itself (RFC 3339), in the future; null for never. An application that has ended goes on
    /// with a later one.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime, required = false)]
    ends_at: Patch<String>,
    // The other fields of an application never change, or are changed by other calls (R6, R9, R10). They are listed so
    // that each is refused with its own code and not as an unknown field.
    #[serde(default)]
    #[schema(ignore)]
    id: IsPresent,
    #[serde(default)]
    #[schema(ignore)]
    client_id: IsPresent,
    #[serde(default)]
    #[schema(ignore)]
    integration_type: IsPresent,
    #[serde(default)]
    #[schema(ignore)]
    integrate_type: IsPresent,
    #[serde(default)]
    #[schema(ignore)]
    name: IsPresent,
    #[serde(default)]
    #[schema(ignore)]
    api_permission: IsPresent,
    #[serde(default)]
    #[schema(ignore)]
    status: IsPresent,
    #[serde(default)]
    #[schema(ignore)]
    developer: IsPresent,
    #[serde(default)]
    #[schema(ignore)]
    developer_email: IsPresent,
    #[serde(default)]
    #[schema(ignore)]
    created_at: IsPresent,
    #[serde(default)]
    #[schema(ignore)]
    created_by: IsPresent,
    #[serde(default)]
    #[schema(ignore)]
    revoked_at: IsPresent,
    #[serde(default)]
    #[schema(ignore)]
    version: IsPresent,
}

/// Edit an application
///
/// Changes description, category, entities or the end date, with immediate effect. Entities are changed by the whole list, or by those to
/// add and those to remove. The body may have 4 MiB, and may also be sent as `application/merge-patch+json` (RFC 7396).
#[utoipa::path(
    patch,
    path = "/api/v1/integration-apps/{id}",
    tag = "Admins",
    params(InPath, WithIfMatch, WithKey),
    request_body = EditApplication,
    responses(
        (status = 200, description = "The application", body = Application, headers(
            ("ETag" = String, description = "The application's version, quoted")
        )),
        ChangeProblems
    ),
    security(("user_token" = []))
)]
pub async fn edit_application(
    Admin(caller): Admin,
    State(service): State<Service>,
    PathOf(id): PathOf<AppId>,
    IfMatch(version): IfMatch,
    body: KeyedBody<EditApplication>,
) -> Result<Versioned<Application>, Problem> {
    let (key, changes) = (body.key(&caller)?, body.value.read()?);
    let (view, _) = service.edit_app(&caller, id, version, key.as_ref(), changes).await?;
    Ok(Versioned::from(&view))
}

impl EditApplication {
    /// A change of these fields only.
    pub fn of(
        description: Patch<String>,
        category: Patch<String>,
        entities: Patch<Vec<String>>,
        ends_at: Patch<String>,
    ) -> Self {
        Self {
            description,
            category,
            entities,
            ends_at,
            ..Self::default()
        }
    }

    /// The changes, or all errors in the request.
    pub fn read(self) -> Result<Changes, Problem> {
        let mut fields = Fields::default();
        for (field, IsPresent(sent)) in self.fixed() {
            if sent {
                fields.refuse(
                    field,
                    "field_not_editable",
                    Refusal::FieldNotEditable(field).to_string(),
                );
            }
        }
        let description = self.description.or_required("description", &mut fields);
        let description = description.and_then(|text| fields.read(Description::parse(&text)));
        let category = self.category.or_required("category", &mut fields);
        let category = category.and_then(|code| fields.read(CategoryCode::parse(&code)));
        let entities = entities_edit(self.entities, self.add_entities, self.remove_entities, &mut fields);
        let end_date = end_date_edit(self.ends_at, &mut fields);
        fields.finish(|| {
            Some(Changes {
                description,
                category,
                entities,
                end_date,
            })
        })
    }

    fn fixed(&self) -> [(&'static str, IsPresent); 13] {
        [
            ("id", self.id),
            ("client_id", self.client_id),
            ("integration_type", self.integration_type),
            ("integrate_type", self.integrate_type),
            ("name", self.name),
            ("api_permission", self.api_permission),
            ("status", self.status),
            ("developer", self.developer),
            ("developer_email", self.developer_email),
            ("created_at", self.created_at),
            ("created_by", self.created_by),
            ("revoked_at", self.revoked_at),
            ("version", self.version),
        ]
    }
}

/// Null removes it.
fn end_date_edit(ends_at: Patch<String>, fields: &mut Fields) -> Option<EndDateEdit> {
    match ends_at {
        Patch::Not => None,
        Patch::Null => Some(EndDateEdit::Remove),
        Patch::As(end) => fields.time("ends_at", &end).map(EndDateEdit::Set),
    }
}

/// R11: the whole list, or what is to be different.
pub(super) fn entities_edit(
    all: Patch<Vec<String>>,
    add: Patch<Vec<String>>,
    remove: Patch<Vec<String>>,
    fields: &mut Fields,
) -> Option<EntitiesEdit> {
    let is_difference = add != Patch::Not || remove != Patch::Not;
    if all != Patch::Not && is_difference {
        let message = "Send either the whole list in “entities”, or “add_entities” and “remove_entities”.";
        fields.refuse("entities", "conflicting_fields", message);
        return None;
    }
    if !is_difference {
        let ids = all.or_required("entities", fields)?;
        return fields.entities_of("entities", &ids).map(EntitiesEdit::All);
    }
    let mut listed = |field, ids: Patch<Vec<String>>| match ids {
        Patch::Not => Some(BTreeSet::new()),
        ids => ids
            .or_required(field, fields)
            .and_then(|ids| fields.entities_of(field, &ids)),
    };
    let (add, remove) = (listed("add_entities", add), listed("remove_entities", remove));
    let change = fields.read(EntitiesToChange::parse(add?, remove?))?;
    Some(EntitiesEdit::Difference(change))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(body: serde_json::Value) -> Result<Changes, Vec<(String, String)>> {
        let body: EditApplication = serde_json::from_value(body).unwrap();
        let message = |problem: Problem| {
            problem
                .errors
                .into_iter()
                .map(|error| (error.field, error.code))
                .collect()
        };
        body.read().map_err(message)
    }

    fn message(message: &[(&str, &str)]) -> Vec<(String, String)> {
        message
            .iter()
            .map(|(field, code)| ((*field).to_owned(), (*code).to_owned()))
            .collect()
    }

    #[test]
    fn what_is_left_out_stays_as_it_is() {
        let changes = read(json!({})).unwrap();
        assert!(changes.description.is_none() && changes.category.is_none() && changes.entities.is_none());
        let none = EntitiesEdit::All(BTreeSet::new());
        assert_eq!(read(json!({"entities": []})).unwrap().entities, Some(none));
    }

    #[test]
    fn r6_r10_what_never_changes_is_refused_by_its_own_name() {
        let body = json!({"name": "b", "api_permission": null, "description": ""});
        let fixed = "field_not_editable";
        let expected = [("name", fixed), ("api_permission", fixed), ("description", "required")];
        assert_eq!(read(body).unwrap_err(), message(&expected));
    }

    #[test]
    fn whatever_else_an_application_shows_is_not_editable_and_what_it_has_not_is_unknown() {
        for field in [
            "id",
            "status",
            "developer",
            "created_at",
            "created_by",
            "revoked_at",
            "version",
        ] {
            let refused = read(json!({field: "x"})).unwrap_err();
            assert_eq!(refused, message(&[(field, "field_not_editable")]));
        }
        assert!(serde_json::from_value::<EditApplication>(json!({"colour": "red"})).is_err());
    }

    #[test]
    fn null_is_no_way_to_leave_a_field_out() {
        let body = json!({"description": null, "category": null, "entities": null});
        let expected = ["description", "category", "entities"].map(|field| (field, "required"));
        assert_eq!(read(body).unwrap_err(), message(&expected));
        let body = json!({"add_entities": null, "remove_entities": null});
        let expected = ["add_entities", "remove_entities"].map(|field| (field, "required"));
        assert_eq!(read(body).unwrap_err(), message(&expected));
    }

    #[test]
    fn an_end_date_is_a_time_or_null_for_none() {
        assert_eq!(read(json!({})).unwrap().end_date, None);
        let null = read(json!({"ends_at": null})).unwrap();
        assert_eq!(null.end_date, Some(EndDateEdit::Remove));
        let set = read(json!({"ends_at": "2027-01-01T00:00:00Z"})).unwrap();
        assert!(matches!(set.end_date, Some(EndDateEdit::Set(_))));
        for odd in ["", "2027-01-01", "tomorrow"] {
            let refused = read(json!({"ends_at": odd})).unwrap_err();
            assert_eq!(refused, message(&[("ends_at", "invalid_ends_at")]));
        }
    }

    #[test]
    fn r11_entities_are_given_whole_or_as_a_difference_and_never_as_both() {
        for body in [
            json!({"entities": ["e1"], "add_entities": ["e2"]}),
            json!({"entities": ["e1"], "remove_entities": []}),
        ] {
            assert_eq!(read(body).unwrap_err(), message(&[("entities", "conflicting_fields")]));
        }
        let twice = json!({"add_entities": ["e1", "e2"], "remove_entities": ["e2"]});
        let expected = [("remove_entities", "conflicting_fields")];
        assert_eq!(read(twice).unwrap_err(), message(&expected));
        let malformed = json!({"add_entities": ["e 1"], "remove_entities": ["e/2"]});
        let expected = ["add_entities", "remove_entities"].map(|field| (field, "unknown_entity"));
        assert_eq!(read(malformed).unwrap_err(), message(&expected));
    }
}
