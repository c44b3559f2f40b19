//! The outbox: which mails wait, were sent, or could not be sent; and another try for those.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use uuid::Uuid;

use crate::http::error::Problem;
use crate::http::extract::{App, PathOf};
use crate::outbox::{self, LetterRow, LetterState};
use crate::pages::filter_form::{self, select};
use crate::pages::form::{Asked, Sent, token};
use crate::pages::layout::{Shell, page};
use crate::pages::times;
use crate::pages::visitor::{OperatorUser, SignedIn};

/// So many letters are shown, the newest first.
const SHOWN: u32 = 200;
const STATES: [(&str, &str); 3] = [("pending", "Pending"), ("failed", "Failed"), ("sent", "Sent")];

/// `GET /operator/outbox`
pub async fn show(
    State(app): State<App>,
    SignedIn(operator): SignedIn<OperatorUser>,
    Asked(asked): Asked,
) -> Result<Response, Problem> {
    let state = match asked.text("state") {
        "pending" => Some(LetterState::Pending),
        "failed" => Some(LetterState::Failed),
        "sent" => Some(LetterState::Sent),
        _ => None,
    };
    let letters = outbox::list(app.database(), state, SHOWN).await?;
    let body = html! {
        h1 { "Outbox" }
        @if asked.has("retried") {
            div.notice.good role="status" { p { "The mail is sent at the next opportunity." } }
        }
        (filter_form::form("/operator/outbox", "Find mails", &select("state", "State", asked.text("state"), STATES), &html! {}))
        @if letters.is_empty() { p role="status" { "There is no such mail." } }
        @else { (table(&letters, &operator.session.form_token)) }
        @if letters.len() >= SHOWN as usize { p { "Only the newest " (SHOWN) " are shown." } }
    };
    Ok(page(&Shell::from(&operator), "Outbox", &body).into_response())
}

fn table(letters: &[LetterRow], form_token: &str) -> Markup {
    html! {
        div.wide tabindex="0" role="region" aria-label="Mails" {
            table.cards {
                thead { tr {
                    th scope="col" { "To" } th scope="col" { "Kind" } th scope="col" { "State" } th scope="col" { "Written" }
                    th scope="col" { "Attempts" } th scope="col" { "Last error" } th scope="col" { "Actions" }
                } }
                tbody { @for letter in letters { (row(letter, form_token)) } }
            }
        }
    }
}

fn row(letter: &LetterRow, form_token: &str) -> Markup {
    html! {
        tr {
            th scope="row" { bdi { (letter.recipient) } }
            td data-title="Kind" { (letter.kind.replace('_', " ")) }
            td data-title="State" {
                @match letter.state {
                    LetterState::Pending => {
                        span.badge { "Pending" }
                        @if let Some(at) = letter.next_attempt_at { div.detail { "not before " (times::moment(at)) } }
                    },
                    LetterState::Sent => span.badge.good { "Sent" },
                    LetterState::Failed => span.badge.bad { "Failed" },
                }
            }
            td data-title="Written" { (times::moment(letter.created_at)) }
            td data-title="Attempts" { (letter.attempts) }
            td data-title="Last error" { (letter.last_error.as_deref().unwrap_or("none")) }
            td {
                @if letter.state != LetterState::Sent {
                    form method="post" action={ "/operator/outbox/" (letter.id) "/retry" } {
                        (token(form_token))
                        button.plain type="submit" { "Retry" }
                    }
                }
            }
        }
    }
}

/// `POST /operator/outbox/{id}/retry`
pub async fn retry(
    State(app): State<App>,
    PathOf(id): PathOf<Uuid>,
    _: Sent<OperatorUser>,
) -> Result<Redirect, Problem> {
    let letter = outbox::retry(app.database(), id, app.clock.now()).await?;
    letter.ok_or_else(Problem::not_found)?;
    app.letters_waiting.notify_one();
    Ok(Redirect::to("/operator/outbox?retried"))
}
