//! What several pages about applications share: paths, offered actions, and small pieces of markup.

use gatebook_aggregates::identifiers::AppId;
use gatebook_aggregates::integration_app::Status;
use gatebook_aggregates::refusal::Refusal;
use maud::{Markup, html};

use crate::application::{AppView, Section, SectionVersions};
use crate::web::pages::console::applications::labels;
use crate::web::pages::current_user::ConsoleUser;
use crate::web::pages::form::Form;
use crate::web::pages::layout::{Shell, page};

/// The path of the list of applications.
pub const APPS: &str = "/integration-applications";

/// The path of a page of one application.
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

/// R1, R2: whether the pages offer changes. Permission itself is checked by the application layer.
pub fn may_change(user: &ConsoleUser) -> bool {
    user.membership().manages() && is_on_plan(user)
}

fn is_on_plan(user: &ConsoleUser) -> bool {
    user.group().customer.product_plan.has_integration_apps()
}

/// R1: the notice for a group that is not on the plan.
pub fn plan_notice(user: &ConsoleUser) -> Markup {
    html! {
        @if !is_on_plan(user) {
            div.notice.warn role="note" {
                p { (Refusal::PlanRequired.to_string()) }
                p {
                    "Your group is on the plan " bdi { (user.group().customer.product_plan.as_str()) } ". You can still \
                    view applications and download activity logs, but nothing can be created or changed, and access \
                    tokens are refused. Once you are back on AIQ3, everything works as before."
                }
            }
        }
    }
}

/// The actions that are possible for an application: titles and paths.
pub fn actions(user: &ConsoleUser, view: &AppView) -> Vec<(&'static str, String)> {
    let app = view.app();
    let changes = may_change(user) && app.status != Status::Revoked;
    let outside_developer = app.integration_type.has_outside_developer();
    let offered = [
        (changes, "Edit", "/edit"),
        (
            changes && outside_developer,
            "Manage Developer Portal Access",
            "/developer",
        ),
        (true, "Client Secrets", "/secrets"),
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

/// R27: the status in words, so that it does not depend on colours.
pub fn status(status: Status) -> Markup {
    let class = match status {
        Status::Active => "badge good",
        Status::Suspended => "badge warn",
        Status::Revoked => "badge bad",
    };
    html! { span class=(class) { (labels::status(status)) } }
}

/// A message about an action that was just done.
pub struct DoneMessage {
    /// The word in the address that selects it.
    pub word: &'static str,
    pub sentence: &'static str,
    /// The section that it is about. The message is shown until that section changes again.
    pub section: Section,
}

/// The path of a page that shows a [`DoneMessage`], with the version that the action led to.
pub fn done_path(view: &AppView, page: &str, word: &str) -> String {
    let app = view.app();
    app_path(app.app_id, &format!("{page}?done={word}&at={}", app.version))
}

/// The message that the address selects, if the section has not changed since.
pub fn done(query: &Form, section_versions: &SectionVersions, all: &[DoneMessage]) -> Markup {
    let at: i64 = query.text("at").parse().unwrap_or_default();
    let message = all.iter().find(|done| done.word == query.text("done"));
    let message = message.filter(|done| (1..=at).contains(&section_versions.version(done.section)));
    html! {
        @if let Some(DoneMessage { sentence, .. }) = message { p.notice.good role="status" { (sentence) } }
    }
}

/// A submit button, and a link back to `path`.
pub fn submit(title: &str, class: &str, path: &str) -> Markup {
    html! {
        div.actions {
            button class=(class) type="submit" { (title) }
            " " a.button.plain href=(path) { "Cancel" }
        }
    }
}
