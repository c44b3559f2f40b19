//! `POST /integration-apps/{id}/developer/resend-invite`.

use axum::extract::State;
use gatebook_aggregates::identifiers::AppId;

use crate::web::api::admin::change::{InPath, KeyedBody, WithIfMatch, WithKey};
use crate::web::api::json::{ChangeProblems, DeveloperAccess, NoFields, Versioned};
use crate::web::error::Problem;
use crate::web::extract::{Admin, IfMatch, PathOf};
use crate::web::service::Service;

/// Resend the invitation
///
/// E-mails a new invitation to a developer who has not signed up yet. Older links stop working.
#[utoipa::path(
    post,
    path = "/api/v1/integration-apps/{id}/developer/resend-invite",
    tag = "Admins",
    params(InPath, WithIfMatch, WithKey),
    request_body = Option<NoFields>,
    responses(
        (status = 200, description = "The developer", body = DeveloperAccess, headers(
            ("ETag" = String, description = "The application's version, quoted")
        )),
        ChangeProblems
    ),
    security(("user_token" = []))
)]
pub async fn resend_invite(
    Admin(caller): Admin,
    State(service): State<Service>,
    PathOf(id): PathOf<AppId>,
    IfMatch(version): IfMatch,
    body: KeyedBody<NoFields>,
) -> Result<Versioned<DeveloperAccess>, Problem> {
    let key = body.key(&caller)?;
    let (view, _) = service.resend_invite(&caller, id, version, key.as_ref()).await?;
    Ok(Versioned::from(&view))
}
