//! `GET /integration-apps/{id}/developer`.

use axum::extract::State;
use gatebook_aggregates::identifiers::AppId;

use crate::web::api::admin::change::InPath;
use crate::web::api::json::{DeveloperAccess, ReadProblems, Versioned};
use crate::web::error::Problem;
use crate::web::extract::{Admin, PathOf};
use crate::web::service::Service;

/// Get an application's developer
///
/// Who it is, and how far they have come.
#[utoipa::path(
    get,
    path = "/api/v1/integration-apps/{id}/developer",
    tag = "Admins",
    params(InPath),
    responses(
        (status = 200, description = "The developer", body = DeveloperAccess, headers(
            ("ETag" = String, description = "The application's version, quoted")
        )),
        ReadProblems
    ),
    security(("user_token" = []))
)]
pub async fn get_developer(
    Admin(caller): Admin,
    State(service): State<Service>,
    PathOf(id): PathOf<AppId>,
) -> Result<Versioned<DeveloperAccess>, Problem> {
    let view = service.app(caller.reader()?, id).await?;
    let problem = service.mail_problem(&view).await?;
    Ok(Versioned(
        view.app().version,
        DeveloperAccess::from(&view).with(problem),
    ))
}
