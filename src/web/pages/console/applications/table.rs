//! The table of applications: one row each, with an Actions menu.

use std::collections::BTreeMap;

use gatebook_aggregates::identifiers::AppId;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::app_list::{DeveloperStatus, Sort};
use maud::{Markup, html};

use crate::application::{AppUsage, AppView};
use crate::web::pages::console::applications::shared::{actions, app_path, status};
use crate::web::pages::console::applications::{filters, labels};
use crate::web::pages::current_user::ConsoleUser;
use crate::web::pages::form::Form;
use crate::web::pages::times::moment;
use crate::web::pages::usage::{relative, spark};

/// The last days of the applications of a list, and the present time.
pub type ListedUsage = (BTreeMap<AppId, AppUsage>, Timestamp);

pub fn table(user: &ConsoleUser, query: &Form, sort: Sort, views: &[AppView], usage: &ListedUsage) -> Markup {
    html! {
        div.scroll role="region" aria-label="Integration Applications" tabindex="0" {
            table.apps.cards {
                caption.hidden { "Integration Applications of your group" }
                thead {
                    tr {
                        (sortable(query, "Name", ("name", "-name"), (sort == Sort::Name, sort == Sort::NameDescending)))
                        th scope="col" { "Category" }
                        th scope="col" { "API Permissions" }
                        th scope="col" { "Entities" }
                        th scope="col" { "Developer" }
                        (sortable(query, "Status", ("status", "-status"),
                            (sort == Sort::Status, sort == Sort::StatusDescending)))
                        (sortable(query, "Created", ("created_at", "-created_at"),
                            (sort == Sort::CreatedAt, sort == Sort::CreatedAtDescending)))
                        th.c-used scope="col" { "Last used" }
                        th.c-spark scope="col" { "30 days" }
                        th scope="col" { "Actions" }
                    }
                }
                tbody { @for view in views { (row(user, view, usage)) } }
            }
        }
    }
}

/// The header of a sortable column.
fn sortable(query: &Form, title: &str, (up, down): (&str, &str), (is_up, is_down): (bool, bool)) -> Markup {
    let (order, next) = match (is_up, is_down) {
        (true, _) => (Some("ascending"), down),
        (_, true) => (Some("descending"), up),
        _ => (None, up),
    };
    html! {
        th scope="col" aria-sort=[order] {
            a href=(filters::href(query, "sort", next)) {
                (title)
                @if is_up { span aria-hidden="true" { " ▲" } }
                @if is_down { span aria-hidden="true" { " ▼" } }
            }
        }
    }
}

fn row(user: &ConsoleUser, view: &AppView, (usage, now): &ListedUsage) -> Markup {
    let app = view.app();
    let usage = usage.get(&app.app_id);
    html! {
        tr {
            th scope="row" {
                a href=(app_path(app.app_id, "")) { bdi { (app.name.as_str()) } }
                div.detail { (labels::type_of(app)) }
                div.description { bdi { (app.description.as_str()) } }
            }
            td data-title="Category" { (labels::category(app.category.as_str())) }
            td data-title="API Permissions" { (app.api_permission.title()) }
            td.number data-title="Entities" { (view.entities().count()) }
            td data-title="Developer" {
                (developer(view))
                @if let Some(email) = &app.developer_email { div.detail { bdi { (email.as_str()) } } }
            }
            td data-title="Status" { (status(app.status)) }
            td data-title="Created" { (moment(app.created_at)) }
            td.c-used data-title="Last used" {
                @match usage.and_then(|usage| usage.last_used_at) { Some(at) => (relative(at, *now)), None => "never" }
            }
            td.c-spark data-title="30 days" { @if let Some(usage) = usage { (spark(usage)) } }
            td { (menu(user, view)) }
        }
    }
}

/// The developer's status. R12: an application without an outside developer has the provider's team instead.
pub fn developer(view: &AppView) -> &'static str {
    match view.developer_status() {
        DeveloperStatus::None if !view.app().integration_type.has_outside_developer() => "Our team",
        status => labels::developer_status(status),
    }
}

fn menu(user: &ConsoleUser, view: &AppView) -> Markup {
    html! {
        details.menu {
            summary aria-label={ "Actions for " (view.app().name.as_str()) } { "Actions" }
            ul { @for (title, href) in actions(user, view) { li { a href=(href) { (title) } } } }
        }
    }
}
