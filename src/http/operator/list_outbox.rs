//! `GET /outbox`.

use axum::Json;
use axum::extract::State;
use gatebook_aggregates::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::error::Problem;
use crate::http::extract::{App, Operator, QueryOf};
use crate::http::json::{Fields, Items, OperatorReadProblems, given};
use crate::outbox::{self, LetterRow, LetterState};

/// Which letters.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OutboxQuery {
    /// `pending`, `sent` or `failed`; all when left out.
    state: Option<String>,
    /// How many letters, 1 to 200; 50 when left out.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Option<String>,
}

/// A letter, without what it says.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Letter {
    /// Its id, and the left part of its Message-ID.
    id: String,
    /// What kind of letter.
    kind: String,
    /// To whom.
    recipient: String,
    /// `pending`, `sent` or `failed`.
    state: &'static str,
    /// How often it was tried since it was written or last retried.
    attempts: i64,
    /// When it is tried next; null unless it is pending.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    next_attempt_at: Option<Timestamp>,
    /// Why it was not sent at the last attempt.
    #[schema(required)]
    last_error: Option<String>,
    /// When it was written.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was sent; null before.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    sent_at: Option<Timestamp>,
}

/// Which letters wait, were sent, or could not be sent? The newest come first.
#[utoipa::path(
    get,
    path = "/operator/api/v1/outbox",
    tag = "Operators",
    params(OutboxQuery),
    responses((status = 200, description = "The letters", body = Items<Letter>), OperatorReadProblems),
    security(("operator_token" = []))
)]
pub async fn list_outbox(
    _operator: Operator,
    State(app): State<App>,
    QueryOf(query): QueryOf<OutboxQuery>,
) -> Result<Json<Items<Letter>>, Problem> {
    let (state, limit) = query.read()?;
    let letters = outbox::list(app.database(), state, limit).await?;
    Ok(Json(Items {
        items: letters.into_iter().map(Letter::from).collect(),
    }))
}

impl OutboxQuery {
    fn read(&self) -> Result<(Option<LetterState>, u32), Problem> {
        let mut fields = Fields::default();
        let state = fields.word("state", given(&self.state));
        let limit = fields.limit(given(&self.limit));
        fields.finish(|| Some((state, limit?)))
    }
}

impl From<LetterRow> for Letter {
    fn from(letter: LetterRow) -> Self {
        Self {
            id: letter.id,
            kind: letter.kind,
            recipient: letter.recipient,
            state: letter.state.into(),
            attempts: letter.attempts,
            next_attempt_at: letter.next_attempt_at,
            last_error: letter.last_error,
            created_at: letter.created_at,
            sent_at: letter.sent_at,
        }
    }
}
