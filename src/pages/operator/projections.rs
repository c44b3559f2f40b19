//! The projections: where each stands, and their rebuild and verification with live progress.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use gatebook_projections::projection::{self, AnyProjection};
use maud::{Markup, html};

use crate::application::{Failure, Replay, ReplayJob};
use crate::http::error::Problem;
use crate::http::extract::App;
use crate::pages::attempt::Errors;
use crate::pages::form::{Form, Sent, token};
use crate::pages::layout::{Shell, page_again};
use crate::pages::visitor::{OperatorUser, SignedIn};
use crate::replay::{self, ProjectionStatus};

/// How often the page is asked for again while something is under way.
const REFRESH_SECONDS: u32 = 1;

/// `GET /operator/projections`
pub async fn show(State(app): State<App>, SignedIn(operator): SignedIn<OperatorUser>) -> Result<Response, Problem> {
    Ok(projections_page(&app, &operator, &Errors::default()).await?)
}

/// `POST /operator/projections`: rebuilds or verifies one projection, or all.
pub async fn start(
    State(app): State<App>,
    Sent {
        visitor: operator,
        form,
    }: Sent<OperatorUser>,
) -> Result<Response, Problem> {
    if form.is_to_be_shown_again() {
        return Ok(projections_page(&app, &operator, &Errors::default()).await?);
    }
    let (replay, projections) = wanted(&form)?;
    if app.start_replay(replay, projections) {
        return Ok(Redirect::to("/operator/projections").into_response());
    }
    let detail = "Something is under way already. Wait until it has ended.";
    let errors = Problem::new(StatusCode::CONFLICT, "conflict", detail).into();
    Ok(projections_page(&app, &operator, &errors).await?)
}

fn wanted(form: &Form) -> Result<(Replay, Vec<AnyProjection>), Problem> {
    let replay = match form.text("do") {
        "rebuild" => Replay::Rebuild,
        "verify" => Replay::Verify,
        _ => return Err(Problem::not_found()),
    };
    let projections = match form.text("projection") {
        "" => projection::all().to_vec(),
        name => vec![projection::named(name).ok_or_else(Problem::not_found)?],
    };
    Ok((replay, projections))
}

async fn projections_page(app: &App, operator: &OperatorUser, errors: &Errors) -> Result<Response, Failure> {
    let status = replay::status(&app.log.database).await?;
    let job = app.latest_replay();
    let form_token = &operator.session.form_token;
    let under_way = job.as_ref().is_some_and(|job| !job.has_ended());
    let body = html! {
        h1 { "Projections" }
        (errors.summary(&[]))
        @if let Some(job) = &job { (progress(job)) }
        div.wide tabindex="0" role="region" aria-label="Projections" {
            table.cards {
                thead { tr {
                    th scope="col" { "Projection" } th scope="col" { "Generation" } th scope="col" { "Rows" }
                    th scope="col" { "Position" } th scope="col" { "Last error" } th scope="col" { "Actions" }
                } }
                tbody { @for projection in &status { (row(projection, form_token)) } }
            }
        }
        @if let Some(head) = status.first().map(|projection| projection.head) {
            p { "The log ends at position " (head) ". A projection’s position is that of the last event it shows something of." }
        }
        h2 { "All projections and the log" }
        div.actions { (button("rebuild", "", "Rebuild all", form_token)) (button("verify", "", "Verify all", form_token)) }
    };
    let refresh = under_way.then_some(REFRESH_SECONDS);
    Ok((
        errors.status(),
        page_again(&Shell::from(operator), "Projections", &body, refresh),
    )
        .into_response())
}

fn row(projection: &ProjectionStatus, form_token: &str) -> Markup {
    html! {
        tr {
            th scope="row" { (projection.name) }
            td data-title="Generation" {
                (projection.generation)
                @if projection.stale { " " span.badge.warn { "to be rebuilt" } }
                @if projection.rebuilding.is_some() { " " span.badge.warn { "rebuild under way or interrupted" } }
            }
            td data-title="Rows" { (projection.rows) }
            td data-title="Position" { (projection.position) }
            td data-title="Last error" { @match &projection.last_error { Some(error) => span.error { (error) }, None => "none" } }
            td {
                (button("rebuild", projection.name, "Rebuild", form_token))
                (button("verify", projection.name, "Verify", form_token))
            }
        }
    }
}

fn button(what: &str, projection: &str, title: &str, form_token: &str) -> Markup {
    html! {
        form method="post" action="/operator/projections" {
            (token(form_token))
            input type="hidden" name="do" value=(what);
            input type="hidden" name="projection" value=(projection);
            button.plain type="submit" { (title) }
        }
    }
}

fn progress(job: &ReplayJob) -> Markup {
    let what = match job.replay {
        Replay::Rebuild => "Rebuild",
        Replay::Verify => "Verification",
    };
    let (done, total) = job.progress();
    let class = match (job.has_ended(), job.has_failed()) {
        (false, _) => "notice",
        (true, false) => "notice good",
        (true, true) => "notice bad",
    };
    html! {
        div class=(class) role="status" {
            p { (what) " of " (job.projections.join(", ")) ": " @if job.has_ended() { "ended." } @else { "under way." } }
            @if !job.has_ended() {
                progress value=(done) max=(total.max(1)) aria-label="Progress" {}
                " " (done) " of about " (total) " events"
            }
            @let findings = job.findings();
            @if !findings.is_empty() { ul { @for finding in &findings { li { (finding) } } } }
        }
    }
}
