//! `POST /outbox/{id}/retry`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use uuid::Uuid;

use crate::outbox::{self, EmailState, Retry};
use crate::web::api::json::{NoFields, OperatorChangeProblems};
use crate::web::api::operator::list_outbox::EmailJson;
use crate::web::error::Problem;
use crate::web::extract::{JsonBody, Operator, PathOf};
use crate::web::service::Service;

/// Retry an e-mail
///
/// Sends an e-mail at once whose last attempt failed, whether it was given up or waits for the next attempt. One that
/// was sent stays as it is; one that was not tried yet, or is being sent, is a `conflict`.
#[utoipa::path(
    post,
    path = "/operator/api/v1/outbox/{id}/retry",
    tag = "Operators",
    params(("id" = String, Path, format = "uuid", description = "The e-mail's id.")),
    request_body = Option<NoFields>,
    responses((status = 200, description = "The e-mail", body = EmailJson), OperatorChangeProblems),
    security(("operator_token" = []))
)]
pub async fn retry_email(
    _operator: Operator,
    State(service): State<Service>,
    PathOf(id): PathOf<Uuid>,
    _nothing: JsonBody<NoFields>,
) -> Result<Json<EmailJson>, Problem> {
    match outbox::retry(service.database(), id, service.clock.now()).await? {
        Retry::Due(email) => {
            service.emails_waiting.notify_one();
            Ok(Json(EmailJson::from(email)))
        }
        Retry::NotFailed(email) if email.state == EmailState::Sent => Ok(Json(EmailJson::from(email))),
        Retry::NotFailed(_) => {
            let detail = "This e-mail has not failed. It is being sent, or will be sent automatically when it is due.";
            Err(Problem::new(StatusCode::CONFLICT, "conflict", detail))
        }
        Retry::Unknown => Err(Problem::not_found()),
    }
}
