//! Group Management > Integration Applications: the list, with filters, sorting and pages.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use gatebook_aggregates::group::Permission;
use gatebook_projections::app_list::Sort;
use maud::{Markup, html};

use crate::application::{AppView, ListPage};
use crate::web::api::json::{AppsQuery, write_cursor};
use crate::web::error::Problem;
use crate::web::pages::console::applications::filters;
use crate::web::pages::console::applications::shared::{APPS, may_change, plan_notice};
use crate::web::pages::console::applications::table::{ListedUsage, table};
use crate::web::pages::current_user::{ConsoleUser, SignedIn};
use crate::web::pages::form::{Form, PageQuery};
use crate::web::pages::layout::{Shell, page};
use crate::web::service::Service;

/// `GET /integration-applications`
pub async fn show(
    State(service): State<Service>,
    SignedIn(user): SignedIn<ConsoleUser>,
    PageQuery(query): PageQuery,
) -> Result<Response, Problem> {
    if !user.membership().reads() {
        return Ok((StatusCode::FORBIDDEN, no_permission(&user)).into_response());
    }
    let Ok(question) = AppsQuery::of(|name| query.filled(name)).read() else {
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, unreadable(&user, &query)).into_response());
    };
    let after = question.after.as_ref();
    let found = service
        .apps(
            user.caller().reader()?,
            question.filter,
            question.sort,
            after,
            question.limit,
        )
        .await?;
    let ids: Vec<_> = found.items.iter().map(|view| view.app().app_id).collect();
    let usage = (service.usage_of_listed(&ids).await?, service.clock.now());
    Ok(list(&user, &query, question.sort, &found, &usage).into_response())
}

fn list(user: &ConsoleUser, query: &Form, sort: Sort, found: &ListPage<AppView>, usage: &ListedUsage) -> Markup {
    let nothing_yet = found.items.is_empty() && !filters::any(query) && query.filled("cursor").is_none();
    let body = html! {
        (heading(user))
        @if nothing_yet {
            (none_yet(user))
        } @else {
            (filters::form(user, query))
            @if found.items.is_empty() {
                (no_result())
            } @else {
                (table(user, query, sort, &found.items, usage))
                (pages(query, found))
            }
        }
    };
    page(&Shell::from(user), "Integration Applications", &body)
}

fn heading(user: &ConsoleUser) -> Markup {
    html! {
        nav.crumbs aria-label="Breadcrumb" { ol { li { "Group Management" } } }
        div.heading {
            h1 { "Integration Applications" }
            div.actions {
                @if may_change(user) { a.button href={ (APPS) "/new" } { "New Integration Application" } }
                " " a.button.plain href={ (APPS) "/activity-log" } { "Download Activity Log" }
            }
        }
        (plan_notice(user))
    }
}

fn none_yet(user: &ConsoleUser) -> Markup {
    html! {
        div.empty {
            h2 { "No integration applications yet" }
            p {
                "An integration application lets a program read, or read and write, the data of the entities that you \
                 choose. Its developer gets the credentials in the Developer Portal. You can change its entities, \
                 suspend it or revoke it at any time, with immediate effect."
            }
            @if may_change(user) {
                p { a.button href={ (APPS) "/new" } { "New Integration Application" } }
            } @else if !user.membership().manages() {
                p { "To create one, you need the permission “" (Permission::ManageIntegrationApplications.title()) "”. " (granted_by(user)) }
            }
        }
    }
}

fn no_result() -> Markup {
    html! {
        div.empty role="status" {
            h2 { "No applications match these filters" }
            p { a.button.plain href=(APPS) { "Clear filters" } }
        }
    }
}

fn unreadable(user: &ConsoleUser, query: &Form) -> Markup {
    let body = html! {
        (heading(user))
        div.notice.bad role="alert" {
            p { "This list cannot be shown: the address holds an invalid filter, order or page." }
            p { a href=(APPS) { "Clear filters" } }
        }
        (filters::form(user, query))
    };
    page(&Shell::from(user), "Integration Applications", &body)
}

fn pages(query: &Form, found: &ListPage<AppView>) -> Markup {
    let next = found.next.as_ref().map(write_cursor);
    let first = filters::href(query, "limit", query.text("limit"));
    html! {
        nav.pages aria-label="Pages" {
            @if query.filled("cursor").is_some() { a.button.plain href=(first) { "First page" } " " }
            @if let Some(next) = next { a.button.plain rel="next" href=(filters::href(query, "cursor", &next)) { "Next page" } }
        }
    }
}

/// R2, R3: tells users without permissions what they need, and whom to ask.
fn no_permission(user: &ConsoleUser) -> Markup {
    let manage = Permission::ManageIntegrationApplications.title();
    let view = Permission::ViewActivityLogs.title();
    let body = html! {
        h1 { "Integration Applications" }
        div.notice.warn role="note" {
            p { "You do not have access to your group’s integration applications yet." }
            ul {
                li { "To create and manage them, you need the permission “" (manage) "”." }
                li { "To see them and download their activity logs, you need the permission “" (view) "”." }
            }
            p { (granted_by(user)) }
        }
        (plan_notice(user))
    };
    page(&Shell::from(user), "Integration Applications", &body)
}

/// R2: the Practice Admins of the group, by name.
fn granted_by(user: &ConsoleUser) -> Markup {
    let users = user.group().customer.users.values();
    let admins: Vec<_> = users.filter(|user| user.role.grants()).collect();
    html! {
        "Ask a Practice Admin of your group"
        @for (i, admin) in admins.iter().enumerate() {
            @if i == 0 { ": " } @else { ", " }
            bdi { (admin.name.as_str()) } " (" bdi { (admin.email.as_str()) } ")"
        }
        "."
    }
}
