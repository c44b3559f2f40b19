//! `DELETE /portal/api/v1/session`: a developer logs out.

use axum::extract::State;
use axum::http::StatusCode;

use crate::web::api::portal::problems::{QueryProblems, SessionProblems};
use crate::web::error::Problem;
use crate::web::extract::AuthenticatedDeveloper;
use crate::web::service::Service;

/// Log out
///
/// The session's token ends at once.
#[utoipa::path(
    delete,
    path = "/portal/api/v1/session",
    tag = "Developers",
    responses((status = 204, description = "The session has ended."), QueryProblems, SessionProblems),
    security(("developer_session" = []))
)]
pub async fn log_out(State(service): State<Service>, developer: AuthenticatedDeveloper) -> Result<StatusCode, Problem> {
    service.log_out(&developer.caller, developer.session_id).await?;
    Ok(StatusCode::NO_CONTENT)
}
