//! The status of the projections, and their rebuild and verification with live progress.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::projection::AnyProjection;
use gatebook_projections::registry;
use maud::{Markup, html};

use crate::application::{Failure, Replay, ReplayJob};
use crate::replay::{self, ProjectionSummary};
use crate::web::error::Problem;
use crate::web::pages::components::head;
use crate::web::pages::components::notice::{self, Kind};
use crate::web::pages::components::status::tag_warn;
use crate::web::pages::current_user::{OperatorUser, SignedIn};
use crate::web::pages::form::{Form, SubmittedForm};
use crate::web::pages::form_errors::Errors;
use crate::web::pages::form_token::token;
use crate::web::pages::layout::{Shell, page};
use crate::web::pages::times::moment;
use crate::web::service::Service;

/// Seconds between refreshes while this process rebuilds or verifies.
const OWN_SECONDS: u32 = 1;
/// Seconds between refreshes while another process may be rebuilding, which only the database shows.
const OTHERS_SECONDS: u32 = 5;

/// `GET /operator/projections`
pub async fn show(
    State(service): State<Service>,
    SignedIn(operator): SignedIn<OperatorUser>,
) -> Result<Response, Problem> {
    Ok(projections_page(&service, &operator, &Errors::default()).await?)
}

/// `POST /operator/projections`: rebuilds or verifies one projection or all.
pub async fn start(
    State(service): State<Service>,
    SubmittedForm { user: operator, form }: SubmittedForm<OperatorUser>,
) -> Result<Response, Problem> {
    if form.is_to_be_shown_again() {
        return Ok(projections_page(&service, &operator, &Errors::default()).await?);
    }
    let (replay, projections) = wanted(&form)?;
    if service.start_replay(replay, projections) {
        return Ok(Redirect::to("/operator/projections").into_response());
    }
    let detail = "A rebuild or verification is already running. Wait until it has finished.";
    let errors = Problem::new(StatusCode::CONFLICT, "conflict", detail).into();
    Ok(projections_page(&service, &operator, &errors).await?)
}

fn wanted(form: &Form) -> Result<(Replay, Vec<AnyProjection>), Problem> {
    let replay = match form.text("do") {
        "rebuild" => Replay::Rebuild,
        "verify" => Replay::Verify,
        _ => return Err(Problem::not_found()),
    };
    let projections = match form.text("projection") {
        "" => registry::all().to_vec(),
        name => vec![registry::named(name).ok_or_else(Problem::not_found)?],
    };
    Ok((replay, projections))
}

async fn projections_page(service: &Service, operator: &OperatorUser, errors: &Errors) -> Result<Response, Failure> {
    let status = replay::summaries(&service.log.database).await?;
    let job = service.latest_replay();
    let own = job.as_deref().filter(|job| !job.has_ended());
    let elsewhere = own.is_none() && status.iter().any(|projection| projection.rebuilding.is_some());
    let form_token = &operator.session.form_token;
    // The script updates the elements marked as live in place, so that focus and scroll position stay.
    let body = html! {
        (head::title(&html! { "Projections" }))
        (errors.summary(&[]))
        div role="status" data-live="job" { @if let Some(job) = &job { (message(job)) } @if elsewhere { (rebuilt_elsewhere(&status)) } }
        div data-live="progress" { (progress(own, elsewhere)) }
        div data-live="refresh" { @if own.is_some() || elsewhere { p { a href="/operator/projections" { "Refresh" } } } }
        div.scroll tabindex="0" role="region" aria-label="Projections" {
            table.table.stacked {
                thead { tr {
                    th scope="col" { "Projection" } th scope="col" { "Generation" } th scope="col" { "Last rebuilt" }
                    th scope="col" { "Last error" } th scope="col" { "Actions" }
                } }
                tbody { @for projection in &status { (row(projection, form_token)) } }
            }
        }
        @if let Some(head) = status.first().map(|projection| projection.head) {
            p data-live="head" {
                "The log ends at position " (head) ". Every projection is up to date with it, unless it needs a rebuild. "
                "For the number of rows run " code { "gatebook projections status" } "."
            }
        }
        h2 { "All projections and the log" }
        div.actions { (button("rebuild", "", "Rebuild all", form_token)) (button("verify", "", "Verify all", form_token)) }
    };
    let page = page(&Shell::from(operator).at("/operator/projections"), "Projections", &body);
    Ok((errors.status(), page).into_response())
}

fn row(projection: &ProjectionSummary, form_token: &str) -> Markup {
    let name = projection.name;
    html! {
        tr {
            th scope="row" { (name) }
            td data-th="Generation" data-live={ (name) " generation" } {
                (projection.generation)
                @if projection.stale { " " (tag_warn("needs a rebuild")) }
                @if projection.rebuilding.is_some() { " " (tag_warn("rebuild running or interrupted")) }
            }
            td data-th="Last rebuilt" data-live={ (name) " rebuilt" } {
                @match projection.rebuilt_at.as_deref().and_then(Timestamp::parse) { Some(at) => (moment(at)), None => "never" }
            }
            td data-th="Last error" data-live={ (name) " error" } {
                @match &projection.last_error { Some(error) => span.error { (error) }, None => "none" }
            }
            td {
                (button("rebuild", name, "Rebuild", form_token))
                (button("verify", name, "Verify", form_token))
            }
        }
    }
}

fn button(what: &str, projection: &str, title: &str, form_token: &str) -> Markup {
    let of = (!projection.is_empty()).then(|| format!("{title} {projection}"));
    html! {
        form method="post" action="/operator/projections" {
            (token(form_token))
            input type="hidden" name="do" value=(what);
            input type="hidden" name="projection" value=(projection);
            button.button type="submit" aria-label=[of] { (title) }
        }
    }
}

/// The current or last job of this process. Screen readers read it out whenever it changes, so the progress is
/// elsewhere.
fn message(job: &ReplayJob) -> Markup {
    let what = match job.replay {
        Replay::Rebuild => "Rebuild",
        Replay::Verify => "Verification",
    };
    let kind = match (job.has_ended(), job.has_failed()) {
        (false, _) => Kind::Info,
        (true, false) => Kind::Good,
        (true, true) => Kind::Bad,
    };
    let findings = job.findings();
    notice::plain(
        kind,
        &html! {
            p { (what) " of " (job.projections.join(", ")) ": " @if job.has_ended() { "finished." } @else { "running." } }
            @if !findings.is_empty() { ul { @for finding in &findings { li { (finding) } } } }
        },
    )
}

/// Rebuilds of other processes. The database knows how far they have come, but not whether they are still running.
fn rebuilt_elsewhere(status: &[ProjectionSummary]) -> Markup {
    let rebuilding = status
        .iter()
        .filter_map(|projection| Some((projection.name, projection.rebuilding.as_ref()?)));
    html! {
        @for (name, rebuilding) in rebuilding {
            (notice::plain(Kind::Info, &html! {
                p { "A rebuild of " (name) " is running on another node, or was interrupted: " (rebuilding.stage()) ". "
                    "An interrupted rebuild continues from there when you start it again." }
            }))
        }
    }
}

/// The progress, and how often to refresh it.
fn progress(own: Option<&ReplayJob>, elsewhere: bool) -> Markup {
    html! {
        @if let Some((done, total)) = own.map(ReplayJob::progress) {
            p data-again=(OWN_SECONDS) {
                progress value=(done) max=(total.max(1)) aria-label="Progress" {}
                @if total > 0 { " " (done) " of about " (total) " events" }
            }
        } @else if elsewhere {
            span hidden data-again=(OTHERS_SECONDS) {}
        }
    }
}
