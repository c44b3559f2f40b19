//! The page of one application: its details and its activity.

use axum::extract::State;
use gatebook_aggregates::identifiers::AppId;
use gatebook_projections::app_list::DeveloperStatus;
use maud::{Markup, html};

use crate::application::{AppView, MailProblem, Section};
use crate::web::error::Problem;
use crate::web::extract::PathOf;
use crate::web::pages::console::applications::developer::not_delivered;
use crate::web::pages::console::applications::shared::{APPS, DoneMessage, actions, app_path, page_below, plan_notice};
use crate::web::pages::console::applications::{labels, shared, table, timeline, usage};
use crate::web::pages::current_user::{ConsoleUser, SignedIn};
use crate::web::pages::definition_list::fact;
use crate::web::pages::form::PageQuery;
use crate::web::pages::times::moment;
use crate::web::service::Service;

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
    let events = timeline::of(&service, &user, id, &query).await?;
    let done = shared::done(&query, &section_versions, DONE);
    Ok(app_page(&user, &view, &done, problem.as_ref(), (&usage, &events)))
}

fn app_page(
    user: &ConsoleUser,
    view: &AppView,
    done: &Markup,
    mail_problem: Option<&MailProblem>,
    (usage, events): (&Markup, &Markup),
) -> Markup {
    let name = view.app().name.as_str();
    let body = html! {
        h1 { bdi { (name) } }
        (done)
        (plan_notice(user))
        ul.actions aria-label="Actions" {
            @for (title, href) in actions(user, view) { li { a.button.plain href=(href) { (title) } } }
        }
        h2 { "Details" }
        (facts(view))
        (developer(view, mail_problem))
        (entities(view))
        (usage)
        (events)
        p { a href=(APPS) { "All integration applications" } }
    };
    page_below(user, name, &body)
}

fn facts(view: &AppView) -> Markup {
    let app = view.app();
    html! {
        dl.facts {
            (fact("Status", &shared::status(app.status)))
            @if let Some(at) = app.revoked_at { (fact("Revoked", &moment(at))) }
            (fact("Integration Type", &html! { (labels::type_of(app)) }))
            (fact("Application Description", &html! { bdi.paragraph { (app.description.as_str()) } }))
            (fact("Category", &html! { (labels::category(app.category.as_str())) }))
            (fact("API Permissions", &html! { (app.api_permission.title()) }))
            (fact("ClientId", &html! { code { (app.client_id.0) } }))
            (fact("Created", &html! { (moment(app.created_at)) " by " bdi { (app.created_by_name) } }))
        }
    }
}

fn developer(view: &AppView, mail_problem: Option<&MailProblem>) -> Markup {
    let app = view.app();
    if !app.integration_type.has_outside_developer() {
        return html! {
            h2 { "Developer" }
            p { "Our team builds and runs this integration. It has no outside developer." }
        };
    }
    html! {
        h2 { "Developer" }
        @if let Some(problem) = mail_problem { (not_delivered(problem)) }
        dl.facts {
            (fact("State", &html! { (table::developer(view)) }))
            @if let Some(email) = &app.developer_email { (fact("E-mail address", &html! { bdi { (email.as_str()) } })) }
            @if let Some(name) = view.developer_name() { (fact("Name", &html! { bdi { (name.as_str()) } })) }
        }
        @if view.developer_status() != DeveloperStatus::None {
            p { a href=(app_path(app.app_id, "/developer")) { "More about the developer’s access" } }
        }
    }
}

fn entities(view: &AppView) -> Markup {
    let count = view.entities().count();
    html! {
        h2 { "Entities Assigned" }
        @if count == 0 {
            p { "None. The integration has no access to any data." }
        } @else {
            details.entities open[count <= 10] {
                summary { (labels::entities(count)) }
                ul { @for (id, name) in view.entities() { li { bdi { (name.as_str()) } " " span.detail { (id.as_str()) } } } }
            }
        }
    }
}
