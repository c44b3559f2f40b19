//! R23: the client secrets of an application, those that live and those that have ended. Admins retire one of them after a
//! confirmation; nobody can see a secret again.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use gatebook_aggregates::identifiers::{AppId, ClientSecretId};
use gatebook_aggregates::integration_app::{Status, has_ended};
use gatebook_aggregates::timestamp::Timestamp;
use maud::{Markup, html};

use crate::application::{AppChange, AppView, Failure, KnownSecret, SecretEnd, SecretHistory};
use crate::web::error::Problem;
use crate::web::extract::PathOf;
use crate::web::pages::components::head;
use crate::web::pages::components::icons::{Icon, icon};
use crate::web::pages::components::notice::{self, Kind};
use crate::web::pages::console::applications::shared::{
    AppTab, app_path, may_change, page_of_app, page_of_tab, submit,
};
use crate::web::pages::current_user::{ConsoleUser, SignedIn};
use crate::web::pages::end_date;
use crate::web::pages::form::{Form, PageQuery, SubmittedForm};
use crate::web::pages::form_errors::Errors;
use crate::web::pages::form_token::token;
use crate::web::pages::rehearsal;
use crate::web::pages::times::{ago, moment};
use crate::web::service::Service;

/// `GET /integration-applications/{id}/secrets`
pub async fn show(
    State(service): State<Service>,
    SignedIn(user): SignedIn<ConsoleUser>,
    PathOf(id): PathOf<AppId>,
    PageQuery(query): PageQuery,
) -> Result<Markup, Problem> {
    let reader = user.caller().reader()?;
    let view = service.app(reader, id).await?;
    let history = service.secret_history(reader, id).await?;
    Ok(secrets_page(&user, &view, &history, &query, service.clock.now()))
}

fn secrets_page(user: &ConsoleUser, view: &AppView, history: &SecretHistory, query: &Form, now: Timestamp) -> Markup {
    let app = view.app();
    let changes = may_change(user) && app.status != Status::Revoked;
    let notice = match retired(history, query) {
        nothing if nothing.0.is_empty() => ended_notice(view, now),
        retired => retired,
    };
    let content = html! {
        div.stack {
            section.section aria-labelledby="live" {
                div.section-head {
                    h2 #live { "Live " span { (history.live.len()) } }
                    p.third { "at most two at a time, so that one can replace the other" }
                }
                (live(app_path(app.app_id, "/secrets").as_str(), &history.live, changes, now))
            }
            section.section aria-labelledby="ended" {
                div.section-head {
                    h2 #ended { "Ended " span { (history.ended.len()) } }
                    p.third { "kept for ever, as the beginning only" }
                }
                (ended(&history.ended, now))
            }
            (known(view))
        }
    };
    page_of_tab(user, view, AppTab::Secrets, &notice, &content)
}

/// What an application that has ended says of its secrets.
fn ended_notice(view: &AppView, now: Timestamp) -> Markup {
    let app = view.app();
    html! {
        @if app.status != Status::Revoked && has_ended(app.ends_at, now) {
            (notice::note(Kind::Warn, &html! {
                p { "The application has ended on " (end_date::in_words(app.ends_at)) ". Its secrets open nothing until it gets a "
                    "later end date." }
            }))
        }
    }
}

/// The message after a secret was retired, as long as the address names one that has ended.
fn retired(history: &SecretHistory, query: &Form) -> Markup {
    let named = history
        .ended
        .iter()
        .find(|(secret, ..)| secret.id.to_string() == query.text("retired"));
    html! {
        @if let Some((secret, ..)) = named {
            (notice::told(Kind::Good, &html! {
                p {
                    "The client secret " code { (secret.prefix) "…" } " has been retired. It no longer works, and neither do the tokens "
                    "that were issued for it."
                }
            }))
        }
    }
}

fn live(path: &str, secrets: &[KnownSecret], changes: bool, now: Timestamp) -> Markup {
    html! {
        @if secrets.is_empty() {
            p { "There is none, so the integration gets no tokens." }
        } @else {
            div.scroll role="region" aria-labelledby="live" tabindex="0" {
                table.table.stacked.even {
                    thead { tr {
                        th scope="col" { "Begins with" } th scope="col" { "Created" } th scope="col" { "By" }
                        th scope="col" { "Last used" } th scope="col" { "Ends" }
                        @if changes { th.num scope="col" { span.unseen { "Actions" } } }
                    } }
                    tbody { @for secret in secrets {
                        tr {
                            (beginning(secret, now))
                            td data-th="Ends" data-title="Ends" { (end_date::in_words(secret.ends_at)) }
                            @if changes {
                                td.num {
                                    a.button.small.danger href={ (path) "/" (secret.id) "/retire" } {
                                        "Retire" span.unseen { " " (secret.prefix) }
                                    }
                                }
                            }
                        }
                    } }
                }
            }
        }
    }
}

fn ended(secrets: &[(KnownSecret, Timestamp, SecretEnd)], now: Timestamp) -> Markup {
    html! {
        @if secrets.is_empty() {
            p { "None yet." }
        } @else {
            div.scroll role="region" aria-labelledby="ended" tabindex="0" {
                table.table.stacked.even {
                    thead { tr {
                        th scope="col" { "Begins with" } th scope="col" { "Created" } th scope="col" { "By" }
                        th scope="col" { "Last used" } th scope="col" { "Ended" }
                    } }
                    tbody { @for (secret, at, how) in secrets {
                        tr {
                            (beginning(secret, now))
                            td data-th="Ended" data-title="Ended" { (ago(*at, now)) br; span.second.detail { (in_words(how)) } }
                        }
                    } }
                }
            }
        }
    }
}

fn beginning(secret: &KnownSecret, now: Timestamp) -> Markup {
    html! {
        th scope="row" { code { (secret.prefix) "…" } }
        td data-th="Created" data-title="Created" { (ago(secret.created_at, now)) }
        td data-th="By" data-title="By" { bdi { (secret.created_by) } }
        td data-th="Last used" data-title="Last used" {
            @match secret.last_used_at { Some(at) => (ago(at, now)), None => span.third { "never" } }
        }
    }
}

fn in_words(how: &SecretEnd) -> Markup {
    html! {
        @match how {
            SecretEnd::Retired(by) => { "retired by " bdi { (by) } }
            SecretEnd::EndDate => "at its end date",
            SecretEnd::Replaced => "replaced by a newer one",
            SecretEnd::ApplicationRevoked(by) => { "with the application, revoked by " bdi { (by) } }
        }
    }
}

/// What can be done here, and what nobody can.
fn known(view: &AppView) -> Markup {
    let generates = match view.app().integration_type.has_outside_developer() {
        true => "The developer does, in the Developer Portal, so that it never passes through your hands.",
        false => "Our team does, so that it never passes through your hands.",
    };
    html! {
        div.pair {
            section.section aria-labelledby="can" {
                div.section-head { h2 #can { "You can" } }
                ul.entries.known.yes {
                    li { (icon(Icon::Check)) p { b { "See that a secret exists," } " who generated it, and when it was last used." } }
                    li { (icon(Icon::Check)) p { b { "Retire one." } " It ends at once, and so do the tokens that it got." } }
                }
            }
            section.section aria-labelledby="cannot" {
                div.section-head { h2 #cannot { "You cannot" } }
                ul.entries.known {
                    li { (icon(Icon::Cross)) p { b { "Read a secret." } " Nobody can: it was shown once, and only its fingerprint is kept." } }
                    li { (icon(Icon::Cross)) p { b { "Generate one." } " " (generates) } }
                    li { (icon(Icon::Cross)) p { b { "Bring one back." } " What has been retired stays retired." } }
                }
            }
        }
    }
}

/// `GET /integration-applications/{id}/secrets/{secret_id}/retire`: asks first.
pub async fn ask_to_retire(
    State(service): State<Service>,
    SignedIn(user): SignedIn<ConsoleUser>,
    PathOf((id, secret_id)): PathOf<(AppId, ClientSecretId)>,
) -> Result<Response, Problem> {
    Ok(retire_page(&service, &user, (id, secret_id), &Errors::default()).await?)
}

async fn retire_page(
    service: &Service,
    user: &ConsoleUser,
    (id, secret_id): (AppId, ClientSecretId),
    errors: &Errors,
) -> Result<Response, Failure> {
    let reader = user.caller().reader()?;
    let view = service.app(reader, id).await?;
    user.caller().manager()?;
    let history = service.secret_history(reader, id).await?;
    let secrets = app_path(id, "/secrets");
    let Some(secret) = history.live.iter().find(|secret| secret.id == secret_id) else {
        let body = html! {
            (head::title(&html! { "This client secret has ended" }))
            p { "It was retired or has expired. There is nothing more to do." }
            p { a.button href=(secrets) { "Continue" } }
        };
        let page = page_of_app(user, &view, "This client secret has ended", &body);
        return Ok((StatusCode::NOT_FOUND, page).into_response());
    };
    let others = history.live.len() - 1;
    let rehearsal = rehearsal::of_app(service, user.caller(), id, AppChange::RetireClientSecret(secret_id)).await;
    let act = html! {
        (notice::note(Kind::Bad, &html! {
            p {
                "The client secret that begins with " code { (secret.prefix) } " stops working at once, and so do all tokens that "
                "were issued for it. " strong { "This cannot be undone." }
            }
            p {
                "It was generated on " (moment(secret.created_at)) " by " bdi { (secret.created_by) } ", and "
                @match secret.last_used_at {
                    Some(at) => { "last used on " (moment(at)) "." }
                    None => "has never been used.",
                }
            }
            p {
                @match others {
                    0 => "It is the only one: the integration stops until another one is generated.",
                    _ => "The other client secret goes on working.",
                }
            }
        }))
        form.question method="post" action={ (secrets) "/" (secret_id) "/retire" } {
            (token(&user.session.form_token))
            (submit("Yes, retire it", "danger", &secrets))
        }
    };
    let body = html! {
        (head::title(&html! { "Retire this client secret?" }))
        (errors.summary(&[]))
        (rehearsal::beside(&rehearsal, "retire it", &act))
    };
    Ok((
        errors.status(),
        page_of_app(user, &view, "Retire a client secret", &body),
    )
        .into_response())
}

/// `POST /integration-applications/{id}/secrets/{secret_id}/retire`
pub async fn retire(
    State(service): State<Service>,
    PathOf((id, secret_id)): PathOf<(AppId, ClientSecretId)>,
    SubmittedForm { user, form }: SubmittedForm<ConsoleUser>,
) -> Result<Response, Problem> {
    let place = (id, secret_id);
    if form.is_to_be_shown_again() {
        return Ok(retire_page(&service, &user, place, &Errors::default()).await?);
    }
    let any = None::<i64>.into();
    match service
        .groups_retire_client_secret(user.caller(), id, secret_id, any)
        .await
    {
        Ok(()) => Ok(Redirect::to(&app_path(id, &format!("/secrets?retired={secret_id}"))).into_response()),
        // Either the secret has ended, or the whole application is not theirs to see; the page tells which.
        Err(failure) if failure.is_not_found() => Ok(retire_page(&service, &user, place, &Errors::default()).await?),
        Err(failure) => Ok(retire_page(&service, &user, place, &failure.into()).await?),
    }
}
