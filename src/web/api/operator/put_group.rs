//! `PUT /groups/{group_id}`.

use axum::extract::State;
use axum::http::StatusCode;
use gatebook_aggregates::group::ProductPlan;
use gatebook_aggregates::identifiers::GroupId;
use gatebook_aggregates::text::Label;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::web::api::admin::change::WithIfMatch;
use crate::web::api::json::{Fields, GroupJson, OperatorAppProblems, Versioned, text};
use crate::web::api::operator::status;
use crate::web::error::Problem;
use crate::web::extract::{IfMatch, JsonBody, Operator, PathOf};
use crate::web::service::Service;

/// The group's name and plan.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutGroup {
    /// The group's name, 1 to 200 characters.
    #[schema(value_type = String)]
    name: Option<String>,
    /// The product plan. Integration Applications are only available on `AIQ3`.
    #[schema(value_type = String)]
    product_plan: Option<String>,
}

/// Add or update a group
///
/// Sets its name and plan.
#[utoipa::path(
    put,
    path = "/operator/api/v1/groups/{group_id}",
    tag = "Operators",
    params(
        ("group_id" = String, Path, description = "Your own id for the group: 1 to 64 of the characters A-Z a-z 0-9 . \
                                                   _ -"),
        WithIfMatch
    ),
    request_body = PutGroup,
    responses(
        (status = 200, description = "The group was updated or already had these values", body = GroupJson, headers(("ETag" = String, description = "The group's version, quoted"))),
        (status = 201, description = "The group was created", body = GroupJson, headers(("ETag" = String, description = "The group's version, quoted"))),
        OperatorAppProblems
    ),
    security(("operator_token" = []))
)]
pub async fn put_group(
    Operator(caller): Operator,
    State(service): State<Service>,
    PathOf(group_id): PathOf<String>,
    IfMatch(if_match): IfMatch,
    body: JsonBody<PutGroup>,
) -> Result<(StatusCode, Versioned<GroupJson>), Problem> {
    let caller = caller.insisting_on(if_match);
    let mut fields = Fields::default();
    let group_id = fields.read(GroupId::parse(&group_id));
    let name = fields.read(Label::parse("name", text(&body.value.name)));
    let product_plan = fields.read(ProductPlan::parse(text(&body.value.product_plan)));
    let (group_id, name, product_plan) = fields.finish(|| Some((group_id?, name?, product_plan?)))?;
    let (group, outcome) = service
        .put_group(caller.operator()?, &group_id, name, product_plan)
        .await?;
    Ok((status(outcome), Versioned(group.version, GroupJson::from(&group))))
}
