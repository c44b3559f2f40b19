//! The outbox: e-mails that wait, were sent or have failed, and a retry for the failed ones.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use chrono::TimeDelta;
use gatebook_aggregates::timestamp::Timestamp;
use maud::{Markup, html};
use uuid::Uuid;

use crate::outbox::{self, EmailRow, EmailState, ListedAfter, OutboxSummary, Retry};
use crate::web::api::json::{read_cursor, write_cursor};
use crate::web::error::Problem;
use crate::web::extract::PathOf;
use crate::web::pages::components::figures::{Figure, figures};
use crate::web::pages::components::head;
use crate::web::pages::current_user::{OperatorUser, SignedIn};
use crate::web::pages::filter_form::select;
use crate::web::pages::form::{Form, PageQuery, SubmittedForm};
use crate::web::pages::form_errors::Errors;
use crate::web::pages::form_token::token;
use crate::web::pages::layout::{Shell, page};
use crate::web::pages::operator::labels;
use crate::web::pages::{filter_form, times};
use crate::web::service::Service;

/// E-mails per page, newest first.
const SHOWN: u32 = 200;
const STATES: [(&str, &str); 3] = [("pending", "Pending"), ("failed", "Failed"), ("sent", "Sent")];

/// `GET /operator/outbox`
pub async fn show(
    State(service): State<Service>,
    SignedIn(operator): SignedIn<OperatorUser>,
    PageQuery(query): PageQuery,
) -> Result<Response, Problem> {
    let state = match query.text("state") {
        "pending" => Some(EmailState::Pending),
        "failed" => Some(EmailState::Failed),
        "sent" => Some(EmailState::Sent),
        _ => None,
    };
    let errors = &Errors::default();
    outbox_page(&service, &operator, &query, state, errors).await
}

async fn outbox_page(
    service: &Service,
    operator: &OperatorUser,
    query: &Form,
    state: Option<EmailState>,
    errors: &Errors,
) -> Result<Response, Problem> {
    // An invalid cursor shows the newest e-mails.
    let after = query.filled("cursor").and_then(read_cursor).filter(ListedAfter::can_be);
    let _slot = service.read_slot(operator.caller()).await?;
    let (emails, next) = outbox::list_page(service.database(), state, after.as_ref(), SHOWN).await?;
    let totals = outbox::totals(service.database(), service.clock.now()).await?;
    let form_token = &operator.session.form_token;
    let body = html! {
        (head::title(&html! { "Outbox" }))
        @if query.has("retried") { (labels::done("It will be sent shortly.")) }
        (errors.summary(&[]))
        (summary(&totals, service.clock.now()))
        (filter_form::form("/operator/outbox", "Find e-mails", &select("state", "State", query.text("state"), STATES), &html! {}))
        @if emails.is_empty() { p role="status" { "No e-mails match." } }
        @else { (table(&emails, form_token)) }
        @if totals.failed > 0 { (retry_all(totals.failed, form_token)) }
        nav.actions aria-label="Pages" {
            @if after.is_some() { a.button href=(href(query, None)) { "Newest e-mails" } " " }
            @if let Some(next) = &next { a.button rel="next" href=(href(query, Some(next))) { "Older e-mails" } }
        }
    };
    Ok((
        errors.status(),
        page(&Shell::from(operator).at("/operator/outbox"), "Outbox", &body),
    )
        .into_response())
}

fn href(query: &Form, after: Option<&ListedAfter>) -> String {
    let mut parameters = form_urlencoded::Serializer::new(String::new());
    parameters.append_pair("state", query.text("state"));
    if let Some(after) = after {
        parameters.append_pair("cursor", &write_cursor(after));
    }
    format!("/operator/outbox?{}", parameters.finish())
}

/// The totals of the outbox.
fn summary(totals: &OutboxSummary, now: Timestamp) -> Markup {
    let figure = |title, value: i64, state: &str| Figure {
        title,
        value: value.to_string(),
        href: format!("/operator/outbox?state={state}"),
        note: String::new(),
        sum: false,
    };
    html! {
        (figures(&[
            figure("Pending", totals.pending, "pending"),
            figure("Failed", totals.failed, "failed"),
            figure("Sent", totals.sent, "sent"),
        ]))
        p.second {
            "Waiting longest "
            @match totals.oldest_waiting_since {
                Some(since) => { (times::moment(since)) " (for " (minutes(outbox::age(since, now))) ")" },
                None => "none",
            }
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

fn table(emails: &[EmailRow], form_token: &str) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="E-mails" {
            table.table.stacked {
                thead { tr {
                    th scope="col" { "To" } th scope="col" { "Kind" } th scope="col" { "State" } th scope="col" { "Written" }
                    th scope="col" { "Attempts" } th scope="col" { "Last error" } th scope="col" { "Actions" }
                } }
                tbody { @for email in emails { (row(email, form_token)) } }
            }
        }
    }
}

fn row(email: &EmailRow, form_token: &str) -> Markup {
    html! {
        tr {
            th scope="row" { bdi { (email.recipient) } }
            td data-th="Kind" { (email.kind.replace('_', " ")) }
            td data-th="State" {
                @match email.state {
                    EmailState::Pending => {
                        span.status.wait { "Pending" }
                        @if let Some(at) = email.next_attempt_at { div.detail { "next attempt " (times::moment(at)) } }
                    },
                    EmailState::Sent => span.status.good { "Sent" },
                    EmailState::Failed => span.status.bad { "Failed" },
                }
            }
            td data-th="Written" { (times::moment(email.created_at)) }
            td data-th="Attempts" { (email.attempts) }
            td data-th="Last error" { (email.last_error.as_deref().unwrap_or("none")) }
            td {
                @if email.can_be_retried() {
                    form method="post" action={ "/operator/outbox/" (email.id) "/retry" } {
                        (token(form_token))
                        button.button type="submit" aria-label={ "Retry the e-mail to " (email.recipient) } { "Retry" }
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
            button.button.primary type="submit" { "Retry all failed (" (failed) ")" }
        }
    }
}

/// `POST /operator/outbox/{id}/retry`
pub async fn retry(
    State(service): State<Service>,
    PathOf(id): PathOf<Uuid>,
    SubmittedForm { user: operator, form }: SubmittedForm<OperatorUser>,
) -> Result<Response, Problem> {
    if form.is_to_be_shown_again() {
        return Ok(Redirect::to("/operator/outbox").into_response());
    }
    let detail = match outbox::retry(service.database(), id, service.clock.now()).await? {
        Retry::Due(_) => {
            service.emails_waiting.notify_one();
            return Ok(Redirect::to("/operator/outbox?retried").into_response());
        }
        Retry::NotFailed(email) if email.state == EmailState::Sent => "This e-mail has already been sent.",
        Retry::NotFailed(_) => {
            "This e-mail has not failed. It is being sent, or will be sent automatically when it is due."
        }
        Retry::Unknown => return Err(Problem::not_found()),
    };
    let errors = Problem::new(StatusCode::CONFLICT, "conflict", detail).into();
    outbox_page(&service, &operator, &form, None, &errors).await
}

/// `POST /operator/outbox/retry`: retries all failed e-mails.
pub async fn retry_failed(
    State(service): State<Service>,
    SubmittedForm { form, .. }: SubmittedForm<OperatorUser>,
) -> Result<Redirect, Problem> {
    if form.is_to_be_shown_again() {
        return Ok(Redirect::to("/operator/outbox"));
    }
    outbox::retry_failed(service.database(), service.clock.now()).await?;
    service.emails_waiting.notify_one();
    Ok(Redirect::to("/operator/outbox?retried"))
}
