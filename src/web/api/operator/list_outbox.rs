//! `GET /outbox`.

use axum::Json;
use axum::extract::State;
use gatebook_aggregates::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::outbox::{self, EmailRow, EmailState, ListedAfter};
use crate::web::api::json::{Fields, OperatorReadProblems, given, read_cursor, write_cursor};
use crate::web::error::Problem;
use crate::web::extract::{Operator, QueryOf};
use crate::web::service::Service;

/// The e-mails to list.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OutboxQuery {
    /// `pending`, `sent` or `failed`; all if left out.
    state: Option<String>,
    /// The number of e-mails per page, 1 to 200; the default is 50.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Option<String>,
    /// The `next_cursor` of the previous page.
    cursor: Option<String>,
}

/// A page of e-mails, and the totals of the outbox.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OutboxPage {
    /// The e-mails on this page.
    items: Vec<EmailJson>,
    /// The `cursor` of the next page; null on the last.
    #[schema(required)]
    next_cursor: Option<String>,
    /// The total number of e-mails by state.
    totals: OutboxTotals,
    /// Since when the oldest e-mail that is due has been waiting; null if none is.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    oldest_waiting_since: Option<Timestamp>,
    /// How many seconds it has been waiting.
    #[schema(required)]
    oldest_waiting_seconds: Option<i64>,
}

/// The number of e-mails by state.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OutboxTotals {
    /// Waiting to be sent.
    pending: i64,
    /// Handed to the mail server.
    sent: i64,
    /// Failed and no longer tried.
    failed: i64,
}

struct OutboxQuestion {
    state: Option<EmailState>,
    limit: u32,
    after: Option<ListedAfter>,
}

/// An e-mail without its content.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Email)]
pub struct EmailJson {
    /// The e-mail's id, which is also the left part of its Message-ID.
    id: String,
    /// The kind of e-mail.
    kind: String,
    /// The recipient's address.
    recipient: String,
    /// `pending`, `sent` or `failed`.
    state: &'static str,
    /// The number of attempts since it was created or last retried.
    attempts: i64,
    /// When the next attempt is due; null unless it is pending.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    next_attempt_at: Option<Timestamp>,
    /// Why the last attempt failed.
    #[schema(required)]
    last_error: Option<String>,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was sent; null if it has not been sent.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    sent_at: Option<Timestamp>,
}

/// List e-mails
///
/// Those that wait, were sent, or could not be sent, newest first, and how many there are in all.
#[utoipa::path(
    get,
    path = "/operator/api/v1/outbox",
    tag = "Operators",
    params(OutboxQuery),
    responses((status = 200, description = "The e-mails", body = OutboxPage), OperatorReadProblems),
    security(("operator_token" = []))
)]
pub async fn list_outbox(
    Operator(operator): Operator,
    State(service): State<Service>,
    QueryOf(query): QueryOf<OutboxQuery>,
) -> Result<Json<OutboxPage>, Problem> {
    let OutboxQuestion { state, limit, after } = query.read()?;
    let _slot = service.read_slot(&operator).await?;
    let now = service.clock.now();
    let (emails, next) = outbox::list_page(service.database(), state, after.as_ref(), limit).await?;
    let totals = outbox::totals(service.database(), now).await?;
    let since = totals.oldest_waiting_since;
    Ok(Json(OutboxPage {
        items: emails.into_iter().map(EmailJson::from).collect(),
        next_cursor: next.as_ref().map(write_cursor),
        totals: OutboxTotals {
            pending: totals.pending,
            sent: totals.sent,
            failed: totals.failed,
        },
        oldest_waiting_since: since,
        oldest_waiting_seconds: since.map(|since| outbox::age(since, now).num_seconds()),
    }))
}

impl OutboxQuery {
    fn read(&self) -> Result<OutboxQuestion, Problem> {
        let mut fields = Fields::default();
        let state = fields.word("state", given(&self.state));
        let limit = fields.limit(given(&self.limit));
        let after = given(&self.cursor).and_then(|cursor| {
            let after = read_cursor(cursor).filter(ListedAfter::can_be);
            if after.is_none() {
                let message = "Send the “next_cursor” of the previous page.";
                fields.refuse("cursor", "invalid_cursor", message);
            }
            after
        });
        fields.finish(|| {
            Some(OutboxQuestion {
                state,
                limit: limit?,
                after,
            })
        })
    }
}

impl From<EmailRow> for EmailJson {
    fn from(email: EmailRow) -> Self {
        Self {
            id: email.id,
            kind: email.kind,
            recipient: email.recipient,
            state: email.state.into(),
            attempts: email.attempts,
            next_attempt_at: email.next_attempt_at,
            last_error: email.last_error,
            created_at: email.created_at,
            sent_at: email.sent_at,
        }
    }
}
