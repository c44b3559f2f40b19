//! `POST /outbox/{id}/retry`.

use axum::Json;
use axum::extract::State;
use uuid::Uuid;

use super::list_outbox::Letter;
use crate::http::error::Problem;
use crate::http::extract::{App, JsonBody, Operator, PathOf};
use crate::http::json::{NoFields, OperatorChangeProblems};
use crate::outbox;

/// Has a letter sent at once that waits or was given up. One that was sent stays as it is.
#[utoipa::path(
    post,
    path = "/operator/api/v1/outbox/{id}/retry",
    tag = "Operators",
    params(("id" = String, Path, format = "uuid", description = "The letter.")),
    request_body = Option<NoFields>,
    responses((status = 200, description = "The letter", body = Letter), OperatorChangeProblems),
    security(("operator_token" = []))
)]
pub async fn retry_letter(
    _operator: Operator,
    State(app): State<App>,
    PathOf(id): PathOf<Uuid>,
    _nothing: JsonBody<NoFields>,
) -> Result<Json<Letter>, Problem> {
    let letter = outbox::retry(app.database(), id, app.clock.now()).await?;
    app.letters_waiting.notify_one();
    Ok(Json(Letter::from(letter.ok_or_else(Problem::not_found)?)))
}
