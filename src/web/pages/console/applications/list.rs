//! Group Management > Integration Applications: the list, with filters, sorting and pages.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use gatebook_aggregates::group::Permission;
use gatebook_aggregates::identifiers::EntityId;
use gatebook_aggregates::integration_app::Status;
use gatebook_aggregates::text::Label;
use gatebook_projections::app_list::{AppCount, AppCounts, Cursor, Sort};
use gatebook_projections::groups::GroupRow;
use maud::{Markup, html};
use strum::VariantArray;

use crate::application::{AppView, Failure, ListPage};
use crate::web::api::json::{AppsQuery, AppsQuestion, read_cursor, write_cursor};
use crate::web::error::Problem;
use crate::web::pages::components::head::{self, PageHead};
use crate::web::pages::components::icons::{Icon, icon};
use crate::web::pages::components::notice::{self, Kind};
use crate::web::pages::components::tabs::{Tab, segments};
use crate::web::pages::console::applications::entity_search::fits;
use crate::web::pages::console::applications::shared::{APPS, may_change, plan_notice};
use crate::web::pages::console::applications::table::{ListedUsage, table};
use crate::web::pages::console::applications::{filters, labels};
use crate::web::pages::current_user::{ConsoleUser, SignedIn};
use crate::web::pages::form::{Form, PageQuery};
use crate::web::pages::layout::{Shell, page};
use crate::web::pages::list_query;
use crate::web::service::Service;

/// How many entities are offered to choose from.
const ENTITIES_OFFERED: usize = 20;
/// Beyond it, a number in the address is nothing that a page has written.
const FROM_MAX: usize = 100_000_000;
/// Where a page begins that was reached backwards: before this place.
const BEFORE: &str = "before";
/// The number of the first application of the page, for people.
const FROM: &str = "from";

/// `GET /integration-applications`
pub async fn show(
    State(service): State<Service>,
    SignedIn(user): SignedIn<ConsoleUser>,
    PageQuery(query): PageQuery,
) -> Result<Response, Problem> {
    if !user.membership().reads() {
        return Ok((StatusCode::FORBIDDEN, no_permission(&user)).into_response());
    }
    let Some((question, before)) = read(&query) else {
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, unreadable(&user, &query)).into_response());
    };
    let sought = query
        .filled(filters::ENTITY_SEARCH)
        .map(|sought| entities_like(user.group(), sought));
    if let Some([(id, _)]) = sought.as_deref() {
        let found = filters::href(&query, &[("entity", id.as_str()), (filters::ENTITY_SEARCH, "")]);
        return Ok(Redirect::to(&found).into_response());
    }
    let reader = user.caller().reader()?;
    let counts = service.app_counts(reader).await?;
    let found = page_of(&service, &user, question, before).await?;
    let ids: Vec<_> = found.views.iter().map(|view| view.app().app_id).collect();
    let state = ListState {
        query: &query,
        usage: ListedUsage {
            of: service.usage_of_listed(&ids).await?,
            now: service.clock.now(),
        },
        counts,
        sought: sought.as_deref(),
    };
    Ok(([list_query::keep(&query)], list(&user, &state, &found)).into_response())
}

/// The question that the address asks, and the place before which the page ends.
fn read(query: &Form) -> Option<(AppsQuestion, Option<Cursor>)> {
    let question = AppsQuery::of(|name| query.filled(name)).read().ok()?;
    let before = match query.filled(BEFORE) {
        Some(word) => Some(read_cursor(word).filter(|before: &Cursor| before.sort == question.sort.reversed())?),
        None => None,
    };
    Some((question, before))
}

/// A page of the list.
struct Found {
    views: Vec<AppView>,
    sort: Sort,
    has_previous: bool,
    has_next: bool,
}

/// The page after the question's place; or the one before `before`, which is the next one of the reversed list.
async fn page_of(
    service: &Service,
    user: &ConsoleUser,
    question: AppsQuestion,
    before: Option<Cursor>,
) -> Result<Found, Failure> {
    let AppsQuestion {
        filter,
        sort,
        after,
        limit,
    } = question;
    let reader = user.caller().reader()?;
    let backwards = before.is_some();
    let (order, place) = match &before {
        Some(before) => (sort.reversed(), Some(before)),
        None => (sort, after.as_ref()),
    };
    let ListPage { mut items, next } = service.apps(reader, filter, order, place, limit).await?;
    if backwards {
        items.reverse();
    }
    Ok(Found {
        views: items,
        sort,
        has_previous: if backwards { next.is_some() } else { after.is_some() },
        has_next: backwards || next.is_some(),
    })
}

/// The entities whose name or id fits what was typed: by all words, in any order, without regard to accents.
fn entities_like<'a>(group: &'a GroupRow, sought: &str) -> Vec<(&'a EntityId, &'a Label)> {
    let entities = || group.customer.entities.iter();
    let exactly = entities().find(|(id, _)| id.as_str() == sought.trim());
    match exactly {
        Some(one) => vec![one],
        None => entities().filter(|(id, name)| fits(sought, id, name)).collect(),
    }
}

/// What the page shows besides its applications.
struct ListState<'a> {
    query: &'a Form,
    usage: ListedUsage,
    counts: AppCounts,
    /// The entities that fit what was typed, if something was.
    sought: Option<&'a [(&'a EntityId, &'a Label)]>,
}

fn list(user: &ConsoleUser, state: &ListState<'_>, found: &Found) -> Markup {
    let query = state.query;
    let nothing_yet = state.counts.all().number == 0;
    let body = html! {
        (heading(user))
        @if nothing_yet {
            (none_yet(user))
        } @else {
            (segments("Status", &states(query, &state.counts)))
            (filters::form(user.group(), query, &told(state, found)))
            @if let Some(sought) = state.sought {
                (choose_entity(query, sought))
            } @else if found.views.is_empty() {
                (no_result())
            } @else {
                (table(user, query, found.sort, &state.usage, &found.views))
                (pages(query, found, &state.counts))
            }
        }
    };
    page(&Shell::from(user).at(APPS), "Integration Applications", &body)
}

/// R27: the states with their counts; all of them first.
fn states(query: &Form, counts: &AppCounts) -> Vec<Tab<'static>> {
    let chosen = query.text("status");
    let states = Status::VARIANTS.iter().map(|status| {
        (
            <&'static str>::from(*status),
            labels::status(*status),
            counts.of(*status),
        )
    });
    std::iter::once(("", "All", counts.all()))
        .chain(states)
        .map(|(code, title, count)| Tab {
            title,
            href: filters::href(query, &[("status", code)]),
            count: count.to_string(),
            current: code == chosen,
        })
        .collect()
}

/// How many applications fit. More than a page of a search are not counted: that could take longer than the page.
fn told(state: &ListState<'_>, found: &Found) -> String {
    let known = filters::only_status(state.query)
        .then(|| counted(state.query, &state.counts))
        .flatten();
    match known {
        Some(count) => applications(&count.to_string()),
        None if found.has_next || found.has_previous => {
            format!("{} shown", applications(&found.views.len().to_string()))
        }
        None => applications(&found.views.len().to_string()),
    }
}

fn applications(count: &str) -> String {
    format!("{count} application{}", if count == "1" { "" } else { "s" })
}

/// The count of the chosen status, or of all.
fn counted(query: &Form, counts: &AppCounts) -> Option<AppCount> {
    match query.filled("status") {
        None => Some(counts.all()),
        Some(code) => {
            let status = Status::VARIANTS.iter().find(|status| <&str>::from(**status) == code);
            status.map(|status| counts.of(*status))
        }
    }
}

fn heading(user: &ConsoleUser) -> Markup {
    html! {
        (PageHead {
            title: html! { "Integration Applications" },
            actions: html! {
                a.button href={ (APPS) "/activity-log" } { (icon(Icon::Download)) span.wide-only { "Download Activity Log" } }
                @if may_change(user) { a.button.primary href={ (APPS) "/new" } { "New Integration Application" } }
            },
            ..PageHead::default()
        }.show())
        (plan_notice(user))
    }
}

/// The entities that fit, to choose one of them; or none.
fn choose_entity(query: &Form, sought: &[(&EntityId, &Label)]) -> Markup {
    html! {
        @if sought.is_empty() {
            div.empty role="status" {
                h2 { "No entity of your group fits" }
                p { "Entities are found by their names and ids." }
                a.button href=(filters::href(query, &[(filters::ENTITY_SEARCH, "")])) { "Do not filter by entity" }
            }
        } @else {
            section.section aria-labelledby="which-entity" {
                div.section-head { h2 id="which-entity" { "Which entity?" } p.third { (labels::entities(sought.len())) } }
                ul.entries.links {
                    @for (id, name) in sought.iter().take(ENTITIES_OFFERED) {
                        li {
                            a href=(filters::href(query, &[("entity", id.as_str()), (filters::ENTITY_SEARCH, "")])) { bdi { (name.as_str()) } }
                            code.third { (id.as_str()) }
                        }
                    }
                }
                @if sought.len() > ENTITIES_OFFERED { p.second { "Type more of its name to find others." } }
            }
        }
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
                p { a.button.primary href={ (APPS) "/new" } { "New Integration Application" } }
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
            p { a.button href=(APPS) { "Clear filters" } }
        }
    }
}

fn unreadable(user: &ConsoleUser, query: &Form) -> Markup {
    let body = html! {
        (heading(user))
        (notice::alert(Kind::Bad, &html! {
            p { "This list cannot be shown: the address holds an invalid filter, order or page." }
            p { a href=(APPS) { "Clear filters" } }
        }))
        (filters::form(user.group(), query, ""))
    };
    page(&Shell::from(user).at(APPS), "Integration Applications", &body)
}

fn pages(query: &Form, found: &Found, counts: &AppCounts) -> Markup {
    let shown = found.views.len();
    let from = query
        .text(FROM)
        .parse::<usize>()
        .ok()
        .filter(|from| (1..FROM_MAX).contains(from) && found.has_previous);
    let from = from.unwrap_or(1);
    let (first, last) = (found.views.first(), found.views.last());
    let previous = first.filter(|_| found.has_previous).map(|first| {
        let place = write_cursor(&Cursor::after(found.sort.reversed(), first.app()));
        let from = from.saturating_sub(shown).max(1).to_string();
        filters::href(query, &[(BEFORE, &place), (FROM, &from)])
    });
    let next = last.filter(|_| found.has_next).map(|last| {
        let place = write_cursor(&Cursor::after(found.sort, last.app()));
        filters::href(query, &[("cursor", &place), (FROM, &(from + shown).to_string())])
    });
    let whole = match filters::only_status(query).then(|| counted(query, counts)).flatten() {
        Some(count) => Some(count.to_string()),
        None => (previous.is_none() && next.is_none()).then(|| shown.to_string()),
    };
    html! {
        nav.pages aria-label="Pages" {
            p {
                (from) " to " (from + shown - 1)
                @if let Some(count) = &whole { " of " (applications(count)) }
            }
            @if previous.is_some() || next.is_some() {
                div.actions {
                    @if previous.is_some() { a.button.small.plain href=(filters::href(query, &[])) { "First page" } }
                    (turn(previous, "prev", html! { (icon(Icon::Left)) "Previous page" }))
                    (turn(next, "next", html! { "Next page" (icon(Icon::Right)) }))
                }
            }
        }
    }
}

fn turn(href: Option<String>, rel: &str, words: Markup) -> Markup {
    html! {
        @match href {
            Some(href) => a.button.small rel=(rel) href=(href) { (words) },
            None => span.button.small aria-disabled="true" { (words) },
        }
    }
}

/// R2, R3: tells users without permissions what they need, and whom to ask.
fn no_permission(user: &ConsoleUser) -> Markup {
    let manage = Permission::ManageIntegrationApplications.title();
    let view = Permission::ViewActivityLogs.title();
    let body = html! {
        (head::title(&html! { "Integration Applications" }))
        (notice::note(Kind::Warn, &html! {
            p { "You do not have access to your group’s integration applications yet." }
            ul {
                li { "To create and manage them, you need the permission “" (manage) "”." }
                li { "To see them and download their activity logs, you need the permission “" (view) "”." }
            }
            p { (granted_by(user)) }
        }))
        (plan_notice(user))
    };
    page(&Shell::from(user).at(APPS), "Integration Applications", &body)
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
