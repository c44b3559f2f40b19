//! `DELETE /integration-apps/{id}/client-secrets/{secret_id}`: R23.

use axum::extract::State;
use axum::http::StatusCode;
use gatebook_aggregates::identifiers::{AppId, ClientSecretId};

use crate::web::api::admin::change::{InPath, WithIfMatch};
use crate::web::api::json::OperatorAppProblems;
use crate::web::error::Problem;
use crate::web::extract::{IfMatch, Operator, PathOf};
use crate::web::service::Service;

/// Retire a client secret
///
/// Of an application of any group, at once. The access tokens that were issued for it end with it.
#[utoipa::path(
    delete,
    path = "/operator/api/v1/integration-apps/{id}/client-secrets/{secret_id}",
    tag = "Operators",
    params(
        InPath,
        ("secret_id" = String, Path, format = "uuid", description = "The client secret's id."),
        WithIfMatch
    ),
    responses((status = 204, description = "The secret has ended"), OperatorAppProblems),
    security(("operator_token" = []))
)]
pub async fn retire_client_secret(
    Operator(caller): Operator,
    State(service): State<Service>,
    PathOf((id, secret_id)): PathOf<(AppId, ClientSecretId)>,
    IfMatch(if_match): IfMatch,
) -> Result<StatusCode, Problem> {
    service
        .operators_retire_client_secret(caller.operator()?, id, secret_id, if_match)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
