//! `GET /operator/api/v1/usage`: what all applications together are used for.

use axum::Json;
use axum::extract::State;

use crate::web::api::json::{Items, OperatorReadProblems, UsageQuery, UsageStep, usage_steps};
use crate::web::error::Problem;
use crate::web::extract::{Operator, QueryOf};
use crate::web::service::Service;

/// Show the installation's usage
///
/// Access tokens and checks of all applications together, by day or hour. Hours or days without any are left out.
#[utoipa::path(
    get,
    path = "/operator/api/v1/usage",
    tag = "Operators",
    params(UsageQuery),
    responses((status = 200, description = "What was counted, oldest first", body = Items<UsageStep>), OperatorReadProblems),
    security(("operator_token" = []))
)]
pub async fn get_installation_usage(
    Operator(operator): Operator,
    State(service): State<Service>,
    QueryOf(query): QueryOf<UsageQuery>,
) -> Result<Json<Items<UsageStep>>, Problem> {
    let (period, steps) = query.read(service.clock.now())?;
    let buckets = service.installation_usage(operator.operator()?, period, steps).await?;
    Ok(Json(Items {
        items: usage_steps(buckets),
    }))
}
