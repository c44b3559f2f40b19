//! `GET /groups`.

use axum::Json;
use axum::extract::State;

use crate::http::error::Problem;
use crate::http::extract::{App, Operator};
use crate::http::json::{Group, Items, OperatorReadProblems};

/// Which groups are there?
#[utoipa::path(
    get,
    path = "/operator/api/v1/groups",
    tag = "Operators",
    responses((status = 200, description = "All groups, by id", body = Items<Group>), OperatorReadProblems),
    security(("operator_token" = []))
)]
pub async fn list_groups(Operator(operator): Operator, State(app): State<App>) -> Result<Json<Items<Group>>, Problem> {
    let groups = app.groups(&operator).await?;
    Ok(Json(Items {
        items: groups.iter().map(Group::from).collect(),
    }))
}
