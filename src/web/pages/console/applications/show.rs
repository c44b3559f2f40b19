//! The page of one application, its first tab: what it is, what happened last, and how to end it.

use axum::extract::State;
use gatebook_aggregates::identifiers::AppId;
use gatebook_aggregates::integration_app::Status;
use gatebook_projections::app_list::DeveloperStatus;
use maud::{Markup, html};

use crate::application::{AppView, MailProblem, Section};
use crate::web::error::Problem;
use crate::web::extract::PathOf;
use crate::web::pages::components::head::section;
use crate::web::pages::components::status::{Tone, status};
use crate::web::pages::console::applications::developer::not_delivered;
use crate::web::pages::console::applications::shared::{AppTab, DoneMessage, app_path, may_change, page_of_tab};
use crate::web::pages::console::applications::{labels, shared, table, timeline, usage};
use crate::web::pages::copy;
use crate::web::pages::current_user::{ConsoleUser, SignedIn};
use crate::web::pages::definition_list::fact;
use crate::web::pages::end_date;
use crate::web::pages::form::PageQuery;
use crate::web::pages::times::moment;
use crate::web::service::Service;

/// So many of its newest events are shown.
const EVENTS: u32 = 5;
/// So many of its entities are named.
const ENTITIES: usize = 5;

/// The messages after an action on this application.
const DONE: &[DoneMessage] = &[
    DoneMessage {
        word: "requested",
        sentence: "The application has been created. Our integration team has been notified and will be in touch.",
        section: Section::Status,
    },
    DoneMessage {
        word: "changed",
        sentence: "Your changes have been saved and are in effect.",
        section: Section::Details,
    },
    DoneMessage {
        word: "suspended",
        sentence: "The application has been suspended. Its access tokens are now refused.",
        section: Section::Status,
    },
    DoneMessage {
        word: "resumed",
        sentence: "The application has been resumed. Its access tokens work again.",
        section: Section::Status,
    },
    DoneMessage {
        word: "revoked",
        sentence: "The application has been permanently revoked. Its access tokens and client secrets no longer work.",
        section: Section::Status,
    },
];

/// `GET /integration-applications/{id}`
pub async fn show(
    State(service): State<Service>,
    SignedIn(user): SignedIn<ConsoleUser>,
    PathOf(id): PathOf<AppId>,
    PageQuery(query): PageQuery,
) -> Result<Markup, Problem> {
    let (view, section_versions) = service.app_and_section_versions(user.caller().reader()?, id).await?;
    let problem = service.mail_problem(&view).await?;
    let usage = usage::of(&service, &user, &view, &query).await?;
    let events = timeline::newest(&service, &user, &view, EVENTS).await?;
    let done = shared::done(&query, &section_versions, DONE);
    let notice = match &problem {
        Some(problem) if done.0.is_empty() => not_delivered(problem),
        _ => done,
    };
    let content = html! {
        div.columns {
            div.stack {
                (usage)
                (section("lately", "Recent activity", &html! { a href=(app_path(id, "/activity")) { "All activity" } }, &events))
                @if may_change(&user) && view.app().status != Status::Revoked { (danger_zone(&view)) }
            }
            aside.stack aria-label="About this application" {
                (about(&user, &view, problem.as_ref()))
                (entities(&view))
            }
        }
    };
    Ok(page_of_tab(&user, &view, AppTab::Overview, &notice, &content))
}

fn about(user: &ConsoleUser, view: &AppView, mail_problem: Option<&MailProblem>) -> Markup {
    let app = view.app();
    let edit = html! {
        @if may_change(user) && app.status != Status::Revoked { a href=(app_path(app.app_id, "/edit")) { "Edit" } }
    };
    section(
        "about",
        "About",
        &edit,
        &html! {
            p.description { bdi.paragraph { (app.description.as_str()) } }
            dl.facts {
                div.tall { dt { "ClientId" } dd { (copy::value("client-id", &app.client_id.0)) } }
                (fact("Developer", &developer(view, mail_problem)))
                @if let Some(at) = app.revoked_at { (fact("Revoked", &moment(at))) }
                (fact("Ends", &end_date::in_words(app.ends_at)))
                (fact("Created", &html! { (moment(app.created_at)) br; span.second.small { "by " bdi { (app.created_by_name) } } }))
            }
        },
    )
}

fn developer(view: &AppView, mail_problem: Option<&MailProblem>) -> Markup {
    let app = view.app();
    if !app.integration_type.has_outside_developer() {
        return html! { "Our team builds and runs this integration. It has no outside developer." };
    }
    let state = table::developer(view);
    let tone = match view.developer_status() {
        DeveloperStatus::Verified => Tone::Good,
        DeveloperStatus::None => Tone::Off,
        _ => Tone::Wait,
    };
    html! {
        @if let Some(name) = view.developer_name() { bdi { (name.as_str()) } br; }
        @if let Some(email) = &app.developer_email { bdi.second.small { (email.as_str()) } br; }
        @if mail_problem.is_some() { (status(Tone::Bad, "Mail refused")) br; }
        (status(tone, state))
    }
}

fn entities(view: &AppView) -> Markup {
    let count = view.entities().count();
    let all = html! { a href=(app_path(view.app().app_id, "/entities")) { "All" } };
    section(
        "entities",
        "Entities Assigned",
        &all,
        &html! {
            @if count == 0 {
                p { "None. The integration has no access to any data." }
            } @else {
                ul.entries {
                    @for (_, name) in view.entities().take(ENTITIES) { li { span.clip title=(name.as_str()) { bdi { (name.as_str()) } } } }
                    @if count > ENTITIES { li { span.second { (labels::entities(count - ENTITIES)) " more" } } }
                }
            }
        },
    )
}

/// What cannot be taken back, apart from everything else.
fn danger_zone(view: &AppView) -> Markup {
    let id = view.app().app_id;
    let linked = view.developer_status() != DeveloperStatus::None;
    section(
        "danger",
        "Danger zone",
        &html! {},
        &html! {
            ul.danger-zone {
                @if linked {
                    li {
                        div {
                            h3 { "Revoke the developer’s access" }
                            p.second { "They no longer see the credentials. The integration keeps running unless you also retire its client secrets." }
                        }
                        a.button.danger href={ (app_path(id, "/developer")) "#revoke-access" } { "Revoke Access" }
                    }
                }
                li {
                    div {
                        h3 { "Revoke the application" }
                        p.second { "Stops all integrations that use it, for good. Its name can never be used again." }
                    }
                    a.button.danger href=(app_path(id, "/revoke")) { "Revoke" }
                }
            }
        },
    )
}
