//! The table of applications: one row each, with an Actions menu.

use std::collections::BTreeMap;

use gatebook_aggregates::identifiers::AppId;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::app_list::{DeveloperStatus, Sort};
use maud::{Markup, html};

use crate::application::{AppUsage, AppView};
use crate::web::pages::components::icons::{Icon, icon};
use crate::web::pages::components::{menu, status};
use crate::web::pages::console::applications::shared::{actions, app_path};
use crate::web::pages::console::applications::{filters, labels};
use crate::web::pages::current_user::ConsoleUser;
use crate::web::pages::form::Form;
use crate::web::pages::times::ago;
use crate::web::pages::usage::spark;

/// What the applications of a list were used for.
pub struct ListedUsage {
    /// Their last 30 days.
    pub of: BTreeMap<AppId, AppUsage>,
    /// The present time.
    pub now: Timestamp,
}

pub fn table(user: &ConsoleUser, query: &Form, sort: Sort, usage: &ListedUsage, views: &[AppView]) -> Markup {
    html! {
        table.table.hover.apps {
            caption.unseen { "Integration Applications of your group" }
            thead {
                tr {
                    (sortable(query, ("Name", "c-name"), ("name", "-name"), (sort == Sort::Name, sort == Sort::NameDescending)))
                    (sortable(query, ("Status", "c-status"), ("status", "-status"),
                        (sort == Sort::Status, sort == Sort::StatusDescending)))
                    th.c-category scope="col" { "Category" }
                    th.c-permission scope="col" { "API Permissions" }
                    th.c-developer scope="col" { "Developer" }
                    th.num.c-entities scope="col" { "Entities" }
                    (sortable(query, ("Created", "c-created"), ("created_at", "-created_at"),
                        (sort == Sort::CreatedAt, sort == Sort::CreatedAtDescending)))
                    th.c-used scope="col" { "Last used" }
                    th.c-spark scope="col" { "30 days" }
                    th.c-menu scope="col" { span.unseen { "Actions" } }
                }
            }
            tbody { @for view in views { (row(user, usage, view)) } }
        }
    }
}

/// The header of a sortable column.
fn sortable(
    query: &Form,
    (title, class): (&str, &str),
    (up, down): (&str, &str),
    (is_up, is_down): (bool, bool),
) -> Markup {
    let (order, next, shown) = match (is_up, is_down) {
        (true, _) => (Some("ascending"), down, Icon::Up),
        (_, true) => (Some("descending"), up, Icon::Down),
        _ => (None, up, Icon::Up),
    };
    html! {
        th scope="col" class=(class) aria-sort=[order] {
            a.sort href=(filters::href(query, &[("sort", next)])) { (title) (icon(shown)) }
        }
    }
}

fn row(user: &ConsoleUser, usage: &ListedUsage, view: &AppView) -> Markup {
    let app = view.app();
    let (usage, now) = (usage.of.get(&app.app_id), usage.now);
    let name = app.name.as_str();
    let entities = view.entities().count();
    html! {
        tr {
            th scope="row" {
                div {
                    a href=(app_path(app.app_id, "")) title=(name) { bdi { (name) } }
                    @if !app.integration_type.has_outside_developer() { " " (status::tag(labels::integration_type(app.integration_type))) }
                }
            }
            td.c-status { (status::of_app(app.status)) }
            td.c-category { span.clip.second title=(labels::category(app.category.as_str())) { (labels::category(app.category.as_str())) } }
            td.c-permission { span.second { (app.api_permission.title()) } }
            td.c-developer { (developer_cell(view)) }
            td.num.c-entities { span.zero[entities == 0] { (entities) } span.word { (if entities == 1 { " entity" } else { " entities" }) } }
            td.c-created { span.second { (ago(app.created_at, now)) } }
            td.c-used {
                @match usage.and_then(|usage| usage.last_used_at) {
                    Some(at) => { span.word { "used " } (ago(at, now)) },
                    None => span.second { span.word { "used " } "never" },
                }
            }
            td.c-spark { @if let Some(usage) = usage { (spark(usage)) } }
            td.c-menu { (menu::more(&format!("Actions for {name}"), "icon-only", &actions(user, view))) }
        }
    }
}

/// Who the developer is; before the OTP is verified, how far they are.
fn developer_cell(view: &AppView) -> Markup {
    let who = view.developer_name().map(|name| name.as_str());
    let who = who.or(view.app().developer_email.as_ref().map(|email| email.as_str()));
    let state = developer(view);
    let whole = who.map_or(state.to_owned(), |who| format!("{state}: {who}"));
    html! {
        span.clip title=(whole) {
            @match (view.developer_status(), who) {
                (DeveloperStatus::Verified, Some(who)) => bdi { (who) },
                (_, Some(who)) => { span.second { (state) ": " } bdi { (who) } },
                (_, None) => span.second { (state) },
            }
        }
    }
}

/// The developer's status, or why they cannot go on. R12: an application without an outside developer has the provider's team instead.
pub fn developer(view: &AppView) -> &'static str {
    if let Some(stuck) = view.stuck_with() {
        return stuck.title();
    }
    match view.developer_status() {
        DeveloperStatus::None if !view.app().integration_type.has_outside_developer() => "Our team",
        status => labels::developer_status(status),
    }
}
