//! `POST /outbox/{id}/retry`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use uuid::Uuid;

use super::list_outbox::Letter;
use crate::http::error::Problem;
use crate::http::extract::{App, JsonBody, Operator, PathOf};
use crate::http::json::{NoFields, OperatorChangeProblems};
use crate::outbox::{self, LetterState, Retry};

/// Has a letter sent at once whose last attempt failed, be it given up or waiting for the next one. One that was sent stays
/// as it is; one that was not tried yet, or is being sent, is a `conflict`.
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
    match outbox::retry(app.database(), id, app.clock.now()).await? {
        Retry::Due(letter) => {
            app.letters_waiting.notify_one();
            Ok(Json(Letter::from(letter)))
        }
        Retry::NotFailed(letter) if letter.state == LetterState::Sent => Ok(Json(Letter::from(letter))),
        Retry::NotFailed(_) => {
            let detail = "This mail has not failed: it is being sent, or will be by itself when it is due.";
            Err(Problem::new(StatusCode::CONFLICT, "conflict", detail))
        }
        Retry::Unknown => Err(Problem::not_found()),
    }
}
