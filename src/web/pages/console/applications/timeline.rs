//! R28: the activity of an application, newest first: each day with its entries, each entry a sentence with its time, where it
//! came from and its number.

use std::collections::BTreeSet;

use axum::extract::State;
use gatebook_aggregates::identifiers::{AppId, EntityId};
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::groups::GroupRow;
use maud::{Markup, html};
use serde::Deserialize;

use crate::activity_log::LogEntry;
use crate::application::{AppView, EventsPage};
use crate::store::StoreError;
use crate::web::api::json::{read_cursor, write_cursor};
use crate::web::error::Problem;
use crate::web::extract::PathOf;
use crate::web::pages::components::icons::{Icon, chevron, icon};
use crate::web::pages::console::applications::labels;
use crate::web::pages::console::applications::shared::{AppTab, app_path, page_of_tab};
use crate::web::pages::current_user::{ConsoleUser, SignedIn};
use crate::web::pages::form::PageQuery;
use crate::web::pages::times::{ago, clock, day, sentence};
use crate::web::service::Service;

/// Events per page.
const EVENTS: u32 = 20;

/// `GET /integration-applications/{id}/activity`
pub async fn show(
    State(service): State<Service>,
    SignedIn(user): SignedIn<ConsoleUser>,
    PathOf(id): PathOf<AppId>,
    PageQuery(query): PageQuery,
) -> Result<Markup, Problem> {
    let view = service.app(user.caller().reader()?, id).await?;
    // An invalid cursor shows the newest events.
    let before = query.filled("cursor").and_then(read_cursor);
    let (entries, next) = read(&service, &user, id, before, EVENTS).await?;
    let here = app_path(id, AppTab::Activity.page());
    let content = html! {
        div.toolbar.log-filters {
            a.button.download href=(app_path(id, "/activity-log")) { (icon(Icon::Download)) "Download Activity Log" }
        }
        div.log {
            @for of_day in entries.chunk_by(|one, other| day_of(one) == day_of(other)) {
                section.log-day {
                    @if let Some(first) = of_day.first() { h2 { (day_of(first)) } }
                    ol { @for entry in of_day { (line(entry, view.group())) } }
                }
            }
        }
        @if before.is_some() || next.is_some() {
            nav.pages aria-label="Pages of the activity" {
                div.actions {
                    @if before.is_some() { a.button.small href=(here) { "Newest events" } }
                    @if let Some(next) = next { a.button.small rel="next" href={ (here) "?cursor=" (write_cursor(&next)) } { "Older events" } }
                }
            }
        }
    };
    Ok(page_of_tab(&user, &view, AppTab::Activity, &html! {}, &content))
}

/// The newest events in short.
pub async fn newest(service: &Service, user: &ConsoleUser, view: &AppView, count: u32) -> Result<Markup, Problem> {
    let (entries, _) = read(service, user, view.app().app_id, None, count).await?;
    let now = service.clock.now();
    Ok(html! {
        ul.lately {
            @for entry in &entries {
                li {
                    @if let Some(at) = Timestamp::parse(&entry.recorded_at) { (ago(at, now)) } @else { span { (entry.recorded_at) } }
                    div { (what(entry, view.group())) }
                }
            }
        }
    })
}

async fn read(
    service: &Service,
    user: &ConsoleUser,
    id: AppId,
    before: Option<i64>,
    count: u32,
) -> Result<(Vec<LogEntry>, Option<i64>), Problem> {
    let EventsPage { events, next } = service.app_events(user.caller().reader()?, id, before, count).await?;
    let entries: Result<Vec<_>, _> = events
        .into_iter()
        .map(|event| LogEntry::shown_for(event, Some(id)))
        .collect();
    Ok((entries.map_err(StoreError::from)?, next))
}

fn day_of(entry: &LogEntry) -> String {
    Timestamp::parse(&entry.recorded_at).map_or(entry.recorded_at.clone(), day)
}

fn line(entry: &LogEntry, group: &GroupRow) -> Markup {
    let kind = kind(&entry.event);
    html! {
        li.log-entry.stopped[kind == Icon::Ban] {
            @match Timestamp::parse(&entry.recorded_at) {
                Some(at) => (clock(at)),
                None => span {},
            }
            span.kind { (icon(kind)) }
            div.what { (what(entry, group)) }
            p.from { @if !entry.ip_address.is_empty() { span.unseen { "from " } (entry.ip_address) } }
            p.folio { span.unseen { "Number " } (entry.sequence) }
        }
    }
}

/// What an entry is about, by the name of its event.
fn kind(event: &str) -> Icon {
    let has = |part: &str| event.contains(part);
    if ["Revoked", "Suspended", "Retired", "Locked"]
        .iter()
        .any(|part| has(part))
    {
        Icon::Ban
    } else if has("Downloaded") {
        Icon::Download
    } else if has("Viewed") || has("Revealed") {
        Icon::Eye
    } else if has("Entities") || has("Entity") {
        Icon::Entities
    } else if has("Secret") || has("Password") || has("Code") {
        Icon::Key
    } else if has("Invit") || has("Developer") || has("SignedUp") {
        Icon::User
    } else if has("Mail") {
        Icon::Mail
    } else if has("Resumed") {
        Icon::Play
    } else if has("Created") {
        Icon::Plus
    } else {
        Icon::Edit
    }
}

/// The sentence; a change of entities says how many, and names them when unfolded.
fn what(entry: &LogEntry, group: &GroupRow) -> Markup {
    match entities_changed(entry) {
        Some(changed) => changed_entities(entry, &changed, group),
        None => html! { p { bdi { (sentence(&entry.summary)) } } },
    }
}

#[derive(Deserialize)]
struct EntitiesChanged {
    #[serde(default)]
    added: BTreeSet<String>,
    #[serde(default)]
    removed: BTreeSet<String>,
}

fn entities_changed(entry: &LogEntry) -> Option<EntitiesChanged> {
    if entry.event != "EntitiesChanged" {
        return None;
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Named {
        entities_changed: EntitiesChanged,
    }
    let details = entry.details.get();
    let named = serde_json::from_str(details).map(|named: Named| named.entities_changed);
    let changed = named.or_else(|_| serde_json::from_str(details)).ok()?;
    let EntitiesChanged { added, removed } = &changed;
    (!added.is_empty() || !removed.is_empty()).then_some(changed)
}

fn changed_entities(entry: &LogEntry, changed: &EntitiesChanged, group: &GroupRow) -> Markup {
    let EntitiesChanged { added, removed } = changed;
    let all = added
        .iter()
        .map(|id| (id, "added"))
        .chain(removed.iter().map(|id| (id, "removed")));
    html! {
        p {
            b { bdi { (entry.actor_name) } } " "
            @if !added.is_empty() { "added " (labels::entities(added.len())) }
            @if !added.is_empty() && !removed.is_empty() { " and " }
            @if !removed.is_empty() { "removed " (labels::entities(removed.len())) }
            "."
        }
        details.fold {
            summary { (chevron()) (labels::entities(added.len() + removed.len())) ": show" }
            ul.diff {
                @for (id, how) in all {
                    li class=(how) {
                        span { span.unseen { (how) ": " } bdi { (entity_name(group, id)) } }
                        code.third { (id) }
                    }
                }
            }
        }
    }
}

/// The name of an entity, or its id once the group has lost it.
fn entity_name<'a>(group: &'a GroupRow, id: &'a str) -> &'a str {
    let known = EntityId::parse(id).ok().and_then(|id| group.customer.entities.get(&id));
    known.map_or(id, |name| name.as_str())
}
