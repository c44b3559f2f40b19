//! `GET /integration-apps/{id}/client-secrets`: R23.

use axum::Json;
use axum::extract::State;
use gatebook_aggregates::identifiers::AppId;

use crate::web::api::admin::change::InPath;
use crate::web::api::json::{Items, ListedClientSecret, OperatorReadProblems};
use crate::web::error::Problem;
use crate::web::extract::{Operator, PathOf};
use crate::web::service::Service;

/// List client secrets
///
/// The live ones of an application of any group. Only their first characters are known.
#[utoipa::path(
    get,
    path = "/operator/api/v1/integration-apps/{id}/client-secrets",
    tag = "Operators",
    params(InPath),
    responses(
        (status = 200, description = "The active client secrets, oldest first", body = Items<ListedClientSecret>),
        OperatorReadProblems
    ),
    security(("operator_token" = []))
)]
pub async fn list_client_secrets(
    Operator(operator): Operator,
    State(service): State<Service>,
    PathOf(id): PathOf<AppId>,
) -> Result<Json<Items<ListedClientSecret>>, Problem> {
    let secrets = service.operators_client_secrets(operator.operator()?, id).await?;
    Ok(Json(Items {
        items: secrets.into_iter().map(ListedClientSecret::from).collect(),
    }))
}
