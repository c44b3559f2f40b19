//! `POST /outbox/retry`.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::outbox;
use crate::web::api::json::{NoFields, OperatorChangeProblems};
use crate::web::error::Problem;
use crate::web::extract::{JsonBody, Operator};
use crate::web::service::Service;

/// The number of e-mails to retry.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Retried {
    /// How many e-mails had failed and are now due again.
    retried: u64,
}

/// Retry all failed e-mails
///
/// Sends all e-mails that were given up at once. Asking twice retries none a second time.
#[utoipa::path(
    post,
    path = "/operator/api/v1/outbox/retry",
    tag = "Operators",
    request_body = Option<NoFields>,
    responses((status = 200, description = "The number of e-mails", body = Retried), OperatorChangeProblems),
    security(("operator_token" = []))
)]
pub async fn retry_failed(
    _operator: Operator,
    State(service): State<Service>,
    _nothing: JsonBody<NoFields>,
) -> Result<Json<Retried>, Problem> {
    let retried = outbox::retry_failed(service.database(), service.clock.now()).await?;
    service.emails_waiting.notify_one();
    Ok(Json(Retried { retried }))
}
