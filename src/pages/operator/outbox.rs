//! The outbox: which mails wait, were sent, or could not be sent; and another try for those.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use chrono::TimeDelta;
use gatebook_aggregates::timestamp::Timestamp;
use maud::{Markup, html};
use uuid::Uuid;

use super::words;
use crate::http::error::Problem;
use crate::http::extract::{App, PathOf};
use crate::http::json::{read_cursor, write_cursor};
use crate::outbox::{self, LetterRow, LetterState, ListedAfter, Retry, Totals};
use crate::pages::attempt::Errors;
use crate::pages::facts::fact;
use crate::pages::filter_form::{self, select};
use crate::pages::form::{Asked, Form, Sent, token};
use crate::pages::layout::{Shell, page};
use crate::pages::times;
use crate::pages::visitor::{OperatorUser, SignedIn};

/// So many letters are shown on a page, the newest first.
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
    let errors = &Errors::default();
    outbox_page(&app, &operator, &asked, state, errors).await
}

async fn outbox_page(
    app: &App,
    operator: &OperatorUser,
    asked: &Form,
    state: Option<LetterState>,
    errors: &Errors,
) -> Result<Response, Problem> {
    // A cursor of somewhere else begins at the newest mail again.
    let after = asked.filled("cursor").and_then(read_cursor).filter(ListedAfter::can_be);
    let _slot = app.read_slot(operator.caller()).await?;
    let (letters, next) = outbox::list_page(app.database(), state, after.as_ref(), SHOWN).await?;
    let totals = outbox::totals(app.database(), app.clock.now()).await?;
    let form_token = &operator.session.form_token;
    let body = html! {
        h1 { "Outbox" }
        @if asked.has("retried") { (words::done("It is sent at the next opportunity.")) }
        (errors.summary(&[]))
        (summary(&totals, app.clock.now()))
        (filter_form::form("/operator/outbox", "Find mails", &select("state", "State", asked.text("state"), STATES), &html! {}))
        @if letters.is_empty() { p role="status" { "There is no such mail." } }
        @else { (table(&letters, form_token)) }
        @if totals.failed > 0 { (retry_all(totals.failed, form_token)) }
        nav.actions aria-label="Pages" {
            @if after.is_some() { a.button.plain href=(href(asked, None)) { "Newest mails" } " " }
            @if let Some(next) = &next { a.button.plain rel="next" href=(href(asked, Some(next))) { "Older mails" } }
        }
    };
    Ok((errors.status(), page(&Shell::from(operator), "Outbox", &body)).into_response())
}

fn href(asked: &Form, after: Option<&ListedAfter>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("state", asked.text("state"));
    if let Some(after) = after {
        query.append_pair("cursor", &write_cursor(after));
    }
    format!("/operator/outbox?{}", query.finish())
}

/// How the whole outbox stands.
fn summary(totals: &Totals, now: Timestamp) -> Markup {
    html! {
        dl.facts {
            (fact("Pending", &html! { (totals.pending) }))
            (fact("Failed", &html! { (totals.failed) }))
            (fact("Sent", &html! { (totals.sent) }))
            (fact("Oldest waiting", &html! {
                @match totals.oldest_waiting_since {
                    Some(since) => { (times::moment(since)) " (for " (minutes(outbox::age(since, now))) ")" },
                    None => "none",
                }
            }))
        }
    }
}

fn minutes(age: TimeDelta) -> String {
    match age.num_minutes() {
        0 => "less than a minute".to_owned(),
        1 => "1 minute".to_owned(),
        minutes => format!("{minutes} minutes"),
    }
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
                @if letter.can_be_retried() {
                    form method="post" action={ "/operator/outbox/" (letter.id) "/retry" } {
                        (token(form_token))
                        button.plain type="submit" aria-label={ "Retry the mail to " (letter.recipient) } { "Retry" }
                    }
                }
            }
        }
    }
}

fn retry_all(failed: i64, form_token: &str) -> Markup {
    html! {
        form method="post" action="/operator/outbox/retry" {
            (token(form_token))
            button type="submit" { "Retry all failed (" (failed) ")" }
        }
    }
}

/// `POST /operator/outbox/{id}/retry`
pub async fn retry(
    State(app): State<App>,
    PathOf(id): PathOf<Uuid>,
    Sent {
        visitor: operator,
        form,
    }: Sent<OperatorUser>,
) -> Result<Response, Problem> {
    if form.is_to_be_shown_again() {
        return Ok(Redirect::to("/operator/outbox").into_response());
    }
    let detail = match outbox::retry(app.database(), id, app.clock.now()).await? {
        Retry::Due(_) => {
            app.letters_waiting.notify_one();
            return Ok(Redirect::to("/operator/outbox?retried").into_response());
        }
        Retry::NotFailed(letter) if letter.state == LetterState::Sent => "This mail was sent meanwhile.",
        Retry::NotFailed(_) => "This mail has not failed: it is being sent, or will be by itself when it is due.",
        Retry::Unknown => return Err(Problem::not_found()),
    };
    let errors = Problem::new(StatusCode::CONFLICT, "conflict", detail).into();
    outbox_page(&app, &operator, &form, None, &errors).await
}

/// `POST /operator/outbox/retry`: all that were given up.
pub async fn retry_failed(State(app): State<App>, Sent { form, .. }: Sent<OperatorUser>) -> Result<Redirect, Problem> {
    if form.is_to_be_shown_again() {
        return Ok(Redirect::to("/operator/outbox"));
    }
    outbox::retry_failed(app.database(), app.clock.now()).await?;
    app.letters_waiting.notify_one();
    Ok(Redirect::to("/operator/outbox?retried"))
}
