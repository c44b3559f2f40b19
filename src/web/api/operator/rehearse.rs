//! `POST /operator/api/v1/rehearsals`: what a change of a group, or of an application by operators, would have stopped.

use axum::Json;
use axum::extract::State;
use gatebook_aggregates::group::ProductPlan;
use gatebook_aggregates::identifiers::{AppId, EntityId, GroupId};
use gatebook_aggregates::rehearsal::ChangeKind;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::application::{AppChange, GroupChange};
use crate::web::api::admin::{INVALID_SECRET, parse_id};
use crate::web::api::json::{ChangeFields, Fields, OperatorChangeProblems, RehearsalJson, text};
use crate::web::error::Problem;
use crate::web::extract::{JsonBody, Operator};
use crate::web::service::Service;

/// What operators can rehearse.
const OFFERED: [ChangeKind; 5] = [
    ChangeKind::RemoveEntity,
    ChangeKind::ChangePlan,
    ChangeKind::RetireClientSecret,
    ChangeKind::Suspend,
    ChangeKind::Revoke,
];

/// The change to rehearse. `change` decides which of the other fields apply.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RehearseForOperators {
    /// `remove_entity` or `change_plan` of a group, or `retire_client_secret`, `suspend` or `revoke` of an application, as far as
    /// operators may do it.
    #[schema(value_type = String)]
    change: Option<String>,
    /// `remove_entity`, `change_plan`: the group's id.
    group_id: Option<String>,
    /// `remove_entity`: the entity's id.
    entity_id: Option<String>,
    /// `change_plan`: the new product plan.
    product_plan: Option<String>,
    /// Changes of an application: its id.
    #[schema(format = "uuid")]
    app_id: Option<String>,
    /// `retire_client_secret`: the client secret's id.
    #[schema(format = "uuid")]
    client_secret_id: Option<String>,
}

/// Of what the change is.
enum Change {
    App(AppId, AppChange),
    Group(GroupId, GroupChange),
}

/// Rehearse a change
///
/// Tells which calls of the last 90 days a change would have stopped; of a group, for each of its applications, 200 at most.
/// Nothing is changed. Whatever the change would be refused with is answered here, too.
#[utoipa::path(
    post,
    path = "/operator/api/v1/rehearsals",
    tag = "Operators",
    request_body = RehearseForOperators,
    responses((status = 200, description = "What the change would have stopped", body = RehearsalJson), OperatorChangeProblems),
    security(("operator_token" = []))
)]
pub async fn rehearse_for_operators(
    Operator(caller): Operator,
    State(service): State<Service>,
    body: JsonBody<RehearseForOperators>,
) -> Result<Json<RehearsalJson>, Problem> {
    let rehearsal = match body.value.read()? {
        Change::App(app_id, change) => service.rehearse(&caller, app_id, change).await?,
        Change::Group(group_id, change) => service.rehearse_in_group(caller.operator()?, &group_id, change).await?,
    };
    Ok(Json(RehearsalJson::from(&rehearsal)))
}

impl RehearseForOperators {
    fn read(self) -> Result<Change, Problem> {
        let mut fields = Fields::default();
        let Some(kind) = fields.read(ChangeKind::parse(text(&self.change), &OFFERED)) else {
            return fields.finish(|| None);
        };
        let taken: &[&str] = match kind {
            ChangeKind::RemoveEntity => &["group_id", "entity_id"],
            ChangeKind::ChangePlan => &["group_id", "product_plan"],
            ChangeKind::RetireClientSecret => &["app_id", "client_secret_id"],
            ChangeKind::Suspend | ChangeKind::Revoke => &["app_id"],
            // Admins change these, and operators never.
            ChangeKind::ChangeEntities | ChangeKind::RevokeDeveloperAccess | ChangeKind::NarrowPermission => &[],
        };
        let sent = [
            ("group_id", self.group_id.is_some()),
            ("entity_id", self.entity_id.is_some()),
            ("product_plan", self.product_plan.is_some()),
            ("app_id", self.app_id.is_some()),
            ("client_secret_id", self.client_secret_id.is_some()),
        ];
        fields.only(kind.as_str(), taken, &sent);
        let change = self.change_of(kind, &mut fields);
        fields.finish(|| change)
    }

    fn change_of(&self, kind: ChangeKind, fields: &mut Fields) -> Option<Change> {
        let app = |fields: &mut Fields| fields.read(parse_id("app_id", "invalid_app_id", text(&self.app_id)));
        let group = |fields: &mut Fields| fields.read(GroupId::parse(text(&self.group_id)));
        match kind {
            ChangeKind::RemoveEntity => {
                let (group_id, entity_id) = (group(fields), fields.read(EntityId::parse(text(&self.entity_id))));
                Some(Change::Group(group_id?, GroupChange::RemoveEntity(entity_id?)))
            }
            ChangeKind::ChangePlan => {
                let (group_id, plan) = (group(fields), fields.read(ProductPlan::parse(text(&self.product_plan))));
                Some(Change::Group(group_id?, GroupChange::ChangePlan(plan?)))
            }
            ChangeKind::RetireClientSecret => {
                let secret = fields.read(parse_id(
                    "client_secret_id",
                    INVALID_SECRET,
                    text(&self.client_secret_id),
                ));
                Some(Change::App(app(fields)?, AppChange::RetireClientSecret(secret?)))
            }
            ChangeKind::Suspend => Some(Change::App(app(fields)?, AppChange::Suspend)),
            ChangeKind::Revoke => Some(Change::App(app(fields)?, AppChange::Revoke)),
            ChangeKind::ChangeEntities | ChangeKind::RevokeDeveloperAccess | ChangeKind::NarrowPermission => None,
        }
    }
}
