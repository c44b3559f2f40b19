//! `POST /integration-apps/{id}/developer/invite-anew`.

use axum::extract::State;
use gatebook_aggregates::identifiers::AppId;

use crate::web::api::admin::change::{InPath, KeyedBody, WithIfMatch, WithKey};
use crate::web::api::json::{ChangeProblems, DeveloperAccessGiven, NoFields, Versioned};
use crate::web::error::Problem;
use crate::web::extract::{Admin, IfMatch, PathOf};
use crate::web::service::Service;

/// Send a new invitation and reset the OTP
///
/// Both, or neither, for a developer who has not signed up yet. The old link and the old one-time password stop working. The
/// answer shows the new one-time password, once.
#[utoipa::path(
    post,
    path = "/api/v1/integration-apps/{id}/developer/invite-anew",
    tag = "Admins",
    params(InPath, WithIfMatch, WithKey),
    request_body = Option<NoFields>,
    responses(
        (status = 200, description = "The developer", body = DeveloperAccessGiven, headers(
            ("ETag" = String, description = "The application's version, quoted")
        )),
        ChangeProblems
    ),
    security(("user_token" = []))
)]
pub async fn invite_anew(
    Admin(caller): Admin,
    State(service): State<Service>,
    PathOf(id): PathOf<AppId>,
    IfMatch(version): IfMatch,
    body: KeyedBody<NoFields>,
) -> Result<Versioned<DeveloperAccessGiven>, Problem> {
    let key = body.key(&caller)?;
    let (view, shown) = service.invite_anew(&caller, id, version, key.as_ref()).await?;
    let problem = service.mail_problem(&view).await?;
    let given = DeveloperAccessGiven::new(&view, shown).with(problem);
    Ok(Versioned(view.app().version, given))
}
