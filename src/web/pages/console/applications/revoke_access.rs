//! Revoke Access (R21): asks first, says what goes on working, and offers to end that, too.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use gatebook_aggregates::identifiers::AppId;
use gatebook_projections::app_list::DeveloperStatus;
use maud::{Markup, html};

use crate::application::{AppChange, AppView, Failure, KnownSecret, Section, SectionVersions};
use crate::web::error::Problem;
use crate::web::extract::PathOf;
use crate::web::pages::components::head;
use crate::web::pages::components::notice::{self, Kind};
use crate::web::pages::console::applications::labels::WORDS;
use crate::web::pages::console::applications::shared::{app_path, done_path, page_of_app, submit};
use crate::web::pages::console::applications::shown_version;
use crate::web::pages::current_user::{ConsoleUser, SignedIn};
use crate::web::pages::form::{Form, SubmittedForm};
use crate::web::pages::form_errors::Errors;
use crate::web::pages::form_key;
use crate::web::pages::form_token::token;
use crate::web::pages::inputs::checkbox;
use crate::web::pages::rehearsal;
use crate::web::pages::times::moment;
use crate::web::service::Service;

const PAGE: &str = "/developer/revoke";
const TITLE: &str = "Revoke Access";
const RETIRE: &str = "retire_client_secrets";

/// `GET /integration-applications/{id}/developer/revoke`
pub async fn ask(
    State(service): State<Service>,
    SignedIn(user): SignedIn<ConsoleUser>,
    PathOf(id): PathOf<AppId>,
) -> Result<Response, Problem> {
    Ok(confirmation(&service, &user, id, &Form::default(), &Errors::default()).await?)
}

/// `POST /integration-applications/{id}/developer/revoke`
pub async fn revoke(
    State(service): State<Service>,
    PathOf(id): PathOf<AppId>,
    SubmittedForm { user, form }: SubmittedForm<ConsoleUser>,
) -> Result<Response, Problem> {
    service.app(user.caller().reader()?, id).await?;
    user.caller().manager()?;
    if form.is_to_be_shown_again() {
        return Ok(confirmation(&service, &user, id, &form, &Errors::default()).await?);
    }
    let key = form_key::key(user.caller(), &app_path(id, PAGE), &form);
    let seen = shown_version::expected(&form, Section::Developer);
    let revoked = service.revoke_developer_access(user.caller(), id, seen, key.as_ref(), form.has(RETIRE));
    match revoked.await {
        Ok((view, _)) => Ok(Redirect::to(&done_path(&view, "/developer", "revoked")).into_response()),
        Err(failure) => {
            let (errors, form) = shown_version::refused(failure, form);
            Ok(confirmation(&service, &user, id, &form, &errors.worded(WORDS)).await?)
        }
    }
}

async fn confirmation(
    service: &Service,
    user: &ConsoleUser,
    id: AppId,
    form: &Form,
    errors: &Errors,
) -> Result<Response, Failure> {
    let reader = user.caller().reader()?;
    let (view, section_versions) = service.app_and_section_versions(reader, id).await?;
    user.caller().manager()?;
    let live = service.secret_history(reader, id).await?.live;
    let rehearsal = match live.is_empty() {
        true => html! {},
        false => {
            let change = AppChange::RevokeDeveloperAccess {
                retire_client_secrets: true,
            };
            rehearsal::of_app(service, user.caller(), id, change).await
        }
    };
    let page = page(user, (&view, &section_versions), (&live, &rehearsal), form, errors);
    Ok((errors.status(), page).into_response())
}

fn page(
    user: &ConsoleUser,
    (view, section_versions): (&AppView, &SectionVersions),
    (live, rehearsal): (&[KnownSecret], &Markup),
    form: &Form,
    errors: &Errors,
) -> Markup {
    let app = view.app();
    let developer = app_path(app.app_id, "/developer");
    let act = html! {
        (what_stops(view))
        (what_goes_on(app.app_id, live))
        form.question method="post" action=(app_path(app.app_id, PAGE)) {
            (token(&user.session.form_token))
            (form_key::field(form))
            (shown_version::field(section_versions, Section::Developer))
            @if !live.is_empty() {
                (checkbox(RETIRE, "Also retire the client secrets, which stops the integration at once.", form.has(RETIRE), errors))
                p.hint { "The figures are for this. Otherwise nothing of them stops." }
            }
            (submit("Yes, revoke the access", "danger", &developer))
        }
    };
    let body = html! {
        (head::title(&html! { "Revoke Access?" }))
        (errors.summary(&[]))
        @if view.developer_status() == DeveloperStatus::None {
            p { "No developer is linked to this application." }
            p { a.button href=(developer) { "Continue" } }
        } @else {
            (rehearsal::beside(rehearsal, "revoke it", &act))
        }
    };
    page_of_app(user, view, TITLE, &body)
}

fn what_stops(view: &AppView) -> Markup {
    let email = view.app().developer_email.as_ref();
    html! {
        (notice::note(Kind::Bad, &html! {
            p {
                strong { bdi { (email.map_or("The developer", |email| email.as_str())) } }
                " can no longer see this application in the Developer Portal, with immediate effect, and is notified by e-mail. An "
                "open invite or OTP stops working."
            }
        }))
    }
}

fn what_goes_on(id: AppId, live: &[KnownSecret]) -> Markup {
    html! {
        @if live.is_empty() {
            p { "There is no live client secret, so no integration goes on running." }
        } @else {
            h2 { "What goes on working" }
            p { "The integration keeps running: whoever has one of its client secrets still gets tokens." }
            ul {
                @for secret in live {
                    li {
                        code { (secret.prefix) "…" } ", "
                        @match secret.last_used_at { Some(at) => { "last used on " (moment(at)) } None => "never used" }
                        @if let Some(end) = secret.ends_at { ", ends on " (moment(end)) }
                    }
                }
            }
            p {
                "You can retire them in the same step, or later, one by one, under "
                a href=(app_path(id, "/secrets")) { "Client Secrets" } "."
            }
        }
    }
}
