//! `GET /groups`.

use axum::Json;
use axum::extract::State;

use crate::web::api::json::{GroupJson, Items, OperatorReadProblems};
use crate::web::error::Problem;
use crate::web::extract::Operator;
use crate::web::service::Service;

/// List groups
#[utoipa::path(
    get,
    path = "/operator/api/v1/groups",
    tag = "Operators",
    responses((status = 200, description = "All groups, by id", body = Items<GroupJson>), OperatorReadProblems),
    security(("operator_token" = []))
)]
pub async fn list_groups(
    Operator(operator): Operator,
    State(service): State<Service>,
) -> Result<Json<Items<GroupJson>>, Problem> {
    let groups = service.groups(operator.operator()?).await?;
    Ok(Json(Items {
        items: groups.iter().map(GroupJson::from).collect(),
    }))
}
