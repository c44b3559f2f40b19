//! `GET /integration-apps/{id}`.

use axum::extract::State;
use gatebook_aggregates::identifiers::AppId;

use crate::web::api::admin::change::InPath;
use crate::web::api::json::{Application, ReadProblems, Versioned};
use crate::web::error::Problem;
use crate::web::extract::{Admin, PathOf};
use crate::web::service::Service;

/// Get an application
#[utoipa::path(
    get,
    path = "/api/v1/integration-apps/{id}",
    tag = "Admins",
    params(InPath),
    responses(
        (status = 200, description = "The application", body = Application, headers(
            ("ETag" = String, description = "The application's version, quoted")
        )),
        ReadProblems
    ),
    security(("user_token" = []))
)]
pub async fn get_application(
    Admin(caller): Admin,
    State(service): State<Service>,
    PathOf(id): PathOf<AppId>,
) -> Result<Versioned<Application>, Problem> {
    Ok(Versioned::from(&service.app(caller.reader()?, id).await?))
}
