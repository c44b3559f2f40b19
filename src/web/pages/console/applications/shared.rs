//! What several pages about applications have in common: where they are, what is offered, small pieces of markup.

use gatebook_aggregates::identifiers::AppId;
use gatebook_aggregates::integration_app::Status;
use gatebook_aggregates::refusal::Refusal;
use gatebook_projections::app_list::IntegrationType;
use maud::{Markup, html};

use crate::application::{AppView, Section, SectionVersions};
use crate::web::pages::console::applications::labels;
use crate::web::pages::current_user::ConsoleUser;
use crate::web::pages::form::Form;
use crate::web::pages::layout::{Shell, page};

/// Where the list of applications is.
pub const APPS: &str = "/integration-applications";

/// Where a page of an application is.
pub fn app_path(id: AppId, page: &str) -> String {
    format!("{APPS}/{id}{page}")
}

/// A page below the list of applications.
pub fn page_below(user: &ConsoleUser, title: &str, body: &Markup) -> Markup {
    let body = html! {
        nav.crumbs aria-label="Breadcrumb" {
            ol {
                li { "Group Management" }
                li { a href=(APPS) { "Integration Applications" } }
            }
        }
        (body)
    };
    page(&Shell::from(user), title, &body)
}

/// A page of one application, below the application's own page.
pub fn page_of_app(user: &ConsoleUser, view: &AppView, title: &str, body: &Markup) -> Markup {
    let app = view.app();
    let name = app.name.as_str();
    let body = html! {
        nav.crumbs aria-label="Breadcrumb" {
            ol {
                li { "Group Management" }
                li { a href=(APPS) { "Integration Applications" } }
                li { a href=(app_path(app.app_id, "")) { bdi { (name) } } }
            }
        }
        (body)
    };
    page(&Shell::from(user), &format!("{title}: {name}"), &body)
}

/// R1, R2: whether to offer changes. The application layer decides.
pub fn may_change(user: &ConsoleUser) -> bool {
    user.membership().manages() && is_on_plan(user)
}

fn is_on_plan(user: &ConsoleUser) -> bool {
    user.group.customer.product_plan.has_integration_apps()
}

/// R1: what holds off the plan.
pub fn plan_notice(user: &ConsoleUser) -> Markup {
    html! {
        @if !is_on_plan(user) {
            div.notice.warn role="note" {
                p { (Refusal::PlanRequired.to_string()) }
                p {
                    "Your group is on the plan " bdi { (user.group.customer.product_plan.as_str()) } ". Nothing can be \
                    created or changed, and the integrations’ access tokens are refused. What there is can still be \
                    seen, and activity logs can be downloaded. Back on AIQ3, everything works as before."
                }
            }
        }
    }
}

/// What can be done with an application: titles and addresses.
pub fn actions(user: &ConsoleUser, view: &AppView) -> Vec<(&'static str, String)> {
    let app = view.app();
    let changes = may_change(user) && app.status != Status::Revoked;
    let outside_developer = app.integration_type == IntegrationType::NewIntegration;
    let offered = [
        (changes, "Edit", "/edit"),
        (
            changes && outside_developer,
            "Manage Developer Portal Access",
            "/developer",
        ),
        (true, "Download Activity Log", "/activity-log"),
        (changes && app.status == Status::Active, "Suspend", "/suspend"),
        (changes && app.status == Status::Suspended, "Resume", "/resume"),
        (changes, "Revoke", "/revoke"),
    ];
    let offered = offered.into_iter().filter(|(offer, ..)| *offer);
    offered
        .map(|(_, title, page)| (title, app_path(app.app_id, page)))
        .collect()
}

/// R27: the status, which can be told without colours.
pub fn status(status: Status) -> Markup {
    let class = match status {
        Status::Active => "badge good",
        Status::Suspended => "badge warn",
        Status::Revoked => "badge bad",
    };
    html! { span class=(class) { (labels::status(status)) } }
}

/// What was just done.
pub struct DoneMessage {
    /// Its word in the address.
    pub word: &'static str,
    /// What is told.
    pub sentence: &'static str,
    /// What it is about: told as long as that has not changed again.
    pub side: Section,
}

/// Where a page of an application tells what was just done, at the version that it led to.
pub fn done_path(view: &AppView, page: &str, word: &str) -> String {
    let app = view.app();
    app_path(app.app_id, &format!("{page}?done={word}&at={}", app.version))
}

/// What was just done, if the address says so and it is still how things are.
pub fn done(query: &Form, section_versions: &SectionVersions, all: &[DoneMessage]) -> Markup {
    let at: i64 = query.text("at").parse().unwrap_or_default();
    let message = all.iter().find(|done| done.word == query.text("done"));
    let message = message.filter(|done| (1..=at).contains(&section_versions.version(done.side)));
    html! {
        @if let Some(DoneMessage { sentence, .. }) = message { p.notice.good role="status" { (sentence) } }
    }
}

/// A button beside the link back to `path`.
pub fn submit(title: &str, class: &str, path: &str) -> Markup {
    html! {
        div.actions {
            button class=(class) type="submit" { (title) }
            " " a.button.plain href=(path) { "Cancel" }
        }
    }
}
