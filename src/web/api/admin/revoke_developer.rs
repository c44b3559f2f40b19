//! `POST /integration-apps/{id}/developer/revoke`.

use axum::extract::State;
use gatebook_aggregates::identifiers::AppId;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::web::api::admin::change::{InPath, KeyedBody, WithIfMatch, WithKey};
use crate::web::api::json::{ChangeProblems, DeveloperAccess, Versioned, flag};
use crate::web::error::Problem;
use crate::web::extract::{Admin, IfMatch, PathOf};
use crate::web::service::Service;

/// Options. The body may be left out.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeDeveloper {
    /// Whether to retire the client secrets at once, too. The default is false.
    #[serde(default, deserialize_with = "flag")]
    #[schema(value_type = bool, required = false, default = false)]
    retire_client_secrets: Option<bool>,
}

/// Revoke the developer's access
///
/// The integration keeps running, unless its client secrets are retired too.
#[utoipa::path(
    post,
    path = "/api/v1/integration-apps/{id}/developer/revoke",
    tag = "Admins",
    params(InPath, WithIfMatch, WithKey),
    request_body = Option<RevokeDeveloper>,
    responses(
        (status = 200, description = "The developer's status, which is now `none`", body = DeveloperAccess, headers(
            ("ETag" = String, description = "The application's version, quoted")
        )),
        ChangeProblems
    ),
    security(("user_token" = []))
)]
pub async fn revoke_developer(
    Admin(caller): Admin,
    State(service): State<Service>,
    PathOf(id): PathOf<AppId>,
    IfMatch(version): IfMatch,
    body: KeyedBody<RevokeDeveloper>,
) -> Result<Versioned<DeveloperAccess>, Problem> {
    let key = body.key(&caller)?;
    let retire = body.value.retire_client_secrets.unwrap_or_default();
    let (view, _) = service
        .revoke_developer_access(&caller, id, version, key.as_ref(), retire)
        .await?;
    Ok(Versioned::from(&view))
}
