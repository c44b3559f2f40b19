//! `GET /integration-apps/{id}/client-secrets` and `DELETE …/{secret_id}`: R23, for the admins of the group.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use gatebook_aggregates::identifiers::{AppId, ClientSecretId};

use crate::web::api::admin::change::{InPath, WithIfMatch};
use crate::web::api::json::{ChangeProblems, Items, ListedClientSecret, ReadProblems};
use crate::web::error::Problem;
use crate::web::extract::{Admin, IfMatch, PathOf};
use crate::web::service::Service;

/// List client secrets
///
/// The active ones. Only their first characters are known: a secret is shown once, to whoever generates it.
#[utoipa::path(
    get,
    path = "/api/v1/integration-apps/{id}/client-secrets",
    tag = "Admins",
    params(InPath),
    responses(
        (status = 200, description = "The active client secrets, oldest first", body = Items<ListedClientSecret>),
        ReadProblems
    ),
    security(("user_token" = []))
)]
pub async fn list_app_client_secrets(
    Admin(caller): Admin,
    State(service): State<Service>,
    PathOf(id): PathOf<AppId>,
) -> Result<Json<Items<ListedClientSecret>>, Problem> {
    let secrets = service.groups_client_secrets(caller.reader()?, id).await?;
    Ok(Json(Items {
        items: secrets.into_iter().map(ListedClientSecret::from).collect(),
    }))
}

/// Retire a client secret
///
/// At once, whoever generated it. The access tokens that were issued for it end with it.
#[utoipa::path(
    delete,
    path = "/api/v1/integration-apps/{id}/client-secrets/{secret_id}",
    tag = "Admins",
    params(
        InPath,
        ("secret_id" = String, Path, format = "uuid", description = "The client secret's id."),
        WithIfMatch
    ),
    responses((status = 204, description = "The secret has ended"), ChangeProblems),
    security(("user_token" = []))
)]
pub async fn retire_app_client_secret(
    Admin(caller): Admin,
    State(service): State<Service>,
    PathOf((id, secret_id)): PathOf<(AppId, ClientSecretId)>,
    IfMatch(if_match): IfMatch,
) -> Result<StatusCode, Problem> {
    service
        .groups_retire_client_secret(&caller, id, secret_id, if_match)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
