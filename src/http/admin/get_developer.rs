//! `GET /integration-apps/{id}/developer`.

use axum::extract::State;
use gatebook_aggregates::identifiers::AppId;

use super::change::InPath;
use crate::http::error::Problem;
use crate::http::extract::{Admin, PathOf, Service};
use crate::http::json::{DeveloperAccess, ReadProblems, Versioned};

/// Who is the developer of this application, and how far are they?
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
    let view = service.app(&caller, id).await?;
    let problem = service.mail_problem(&view).await?;
    Ok(Versioned(
        view.app().version,
        DeveloperAccess::from(&view).with(problem),
    ))
}
