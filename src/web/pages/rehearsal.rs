//! What a change would have stopped, on the page that asks whether to make it: the sum, by entity with the last time, and what is
//! not known. Whoever wants to stop something can, whether or not this can be told.

use std::collections::BTreeMap;
use std::time::Duration;

use gatebook_aggregates::api_permission::Access;
use gatebook_aggregates::identifiers::{AppId, EntityId, GroupId};
use gatebook_aggregates::rehearsal::CallSum;
use gatebook_aggregates::timestamp::Timestamp;
use maud::{Markup, html};

use crate::application::{AppChange, AppRehearsal, Caller, Failure, GroupChange, Rehearsal};
use crate::numbers::grouped;
use crate::web::pages::current_user::OperatorUser;
use crate::web::pages::times::ago;
use crate::web::service::Service;

/// How long a page waits for figures: stopping comes first.
const WAITS_FOR: Duration = Duration::from_secs(2);
/// How many lines are shown.
const LINES_MAX: usize = 200;

/// What a change of an application would have stopped. Nothing if the change itself will be refused, which then says why.
pub async fn of_app(service: &Service, caller: &Caller, id: AppId, change: AppChange) -> Markup {
    shown(service.rehearse(caller, id, change)).await
}

/// What a change of a group would have stopped.
pub async fn of_group(service: &Service, operator: &OperatorUser, id: &GroupId, change: GroupChange) -> Markup {
    shown(async { service.rehearse_in_group(operator.operator()?, id, change).await }).await
}

/// The same, for a change about which nobody is asked if it is refused.
///
/// # Errors
/// The change would be refused.
pub async fn unless_refused(
    service: &Service,
    caller: &Caller,
    id: AppId,
    change: AppChange,
) -> Result<Markup, Failure> {
    known(service.rehearse(caller, id, change))
        .await
        .map(|known| sections(known.as_ref()))
}

/// The rehearsal on the left, and what can be done about it on the right.
pub fn beside(rehearsal: &Markup, what: &str, act: &Markup) -> Markup {
    html! {
        @if rehearsal.0.is_empty() { (act) }
        @else {
            div.columns {
                div.stack { (rehearsal) }
                section.section.stay aria-labelledby="then" {
                    div.section-head { h2 id="then" { "If you " (lower_first(what)) } }
                    (act)
                }
            }
        }
    }
}

async fn shown(reading: impl Future<Output = Result<Rehearsal, Failure>>) -> Markup {
    match known(reading).await {
        Ok(known) => sections(known.as_ref()),
        Err(_) => html! {},
    }
}

/// The figures; none if they cannot be read in time.
///
/// # Errors
/// The change would be refused.
async fn known(reading: impl Future<Output = Result<Rehearsal, Failure>>) -> Result<Option<Rehearsal>, Failure> {
    match tokio::time::timeout(WAITS_FOR, reading).await {
        Ok(Ok(rehearsal)) => Ok(Some(rehearsal)),
        Ok(Err(failure)) if failure.refusal().is_some() => Err(failure),
        Ok(Err(failure)) => {
            tracing::warn!(%failure, "what a change would stop is not shown");
            Ok(None)
        }
        Err(_) => {
            tracing::warn!("what a change would stop is not shown: it takes too long to read");
            Ok(None)
        }
    }
}

/// Both sections.
fn sections(rehearsal: Option<&Rehearsal>) -> Markup {
    html! {
        section.section aria-labelledby="stops" {
            div.section-head {
                h2 id="stops" { "What this would have stopped" }
                @if let Some(rehearsal) = rehearsal {
                    p.third {
                        "last " (days(rehearsal)) ", counted up to "
                        (rehearsal.window.until.to_utc().format("%H:%M UTC").to_string())
                    }
                }
            }
            @match rehearsal {
                Some(rehearsal) => (figures(rehearsal)),
                None => p { "Not known: the usage cannot be read at the moment. You can go on without it." },
            }
        }
        section.section aria-labelledby="unknown" {
            div.section-head { h2 id="unknown" { "What is not known" } }
            ul.entries.known {
                @if let Some(rehearsal) = rehearsal { (gaps(rehearsal)) }
                (gap(&html! { "What the integration does when it is refused." },
                    "Whether it tries again later, or leaves something half done, only its developer can say."))
            }
        }
    }
}

fn days(rehearsal: &Rehearsal) -> String {
    match rehearsal.window.days {
        1 => "day".to_owned(),
        days => format!("{days} days"),
    }
}

fn figures(rehearsal: &Rehearsal) -> Markup {
    let (sum, lines) = (rehearsal.stopped(), lines(rehearsal));
    let now = rehearsal.window.until;
    let used = lines.iter().filter(|line| line.sum.calls > 0 && line.entity.is_some());
    let opened: usize = rehearsal.apps.iter().map(|app| app.opened).sum();
    html! {
        @if sum.calls > 0 {
            (busiest(rehearsal, now))
            dl.totals {
                div { dt { span.key.refused {} "Calls refused" } dd { (grouped(sum.calls)) } }
                div { dt { "A day" } dd { (a_day(rehearsal, sum.calls)) } }
                div { dt { "Entities" } dd { (used.count()) " " small { "of " (opened) } } }
            }
        } @else {
            p { "None of the calls of these days would have been refused." }
        }
        @if !lines.is_empty() { (table(rehearsal, &lines, sum)) }
        @let already = rehearsal.stopped_already().calls;
        @if already > 0 {
            p.second { (grouped(already)) " more calls of these days would be refused today without this, too." }
        }
    }
}

/// The most frequent of all in a sentence: who did what with whom, how often, and when last.
fn busiest(rehearsal: &Rehearsal, now: Timestamp) -> Markup {
    let of_app = |app: &'_ AppRehearsal| {
        let kinds = app.rehearsed.stopped.clone().into_iter();
        let name = app.name.clone();
        kinds
            .map(move |(kind, sum)| (name.clone(), kind, sum))
            .collect::<Vec<_>>()
    };
    let all = rehearsal.apps.iter().flat_map(of_app);
    let busiest = all
        .filter(|(_, kind, _)| kind.entity.is_some())
        .max_by_key(|(.., sum)| sum.calls);
    html! {
        @if let Some((app, kind, sum)) = busiest {
            p {
                bdi { (app.as_str()) }
                @match kind.access { Some(Access::Write) => " wrote to ", _ => " read " }
                @if let Some(entity) = &kind.entity { bdi { (name_of(rehearsal, entity)) } }
                @match rehearsal.window.a_day(sum.calls) {
                    0 => { " " (times(sum.calls)) " in " (days(rehearsal)) },
                    calls => { " " (times(calls)) " a day" },
                }
                @if let Some(at) = sum.last_at { ", last " (ago(at, now)) }
                "."
            }
        }
    }
}

fn times(calls: u64) -> String {
    match calls {
        1 => "once".to_owned(),
        calls => format!("{} times", grouped(calls)),
    }
}

fn a_day(rehearsal: &Rehearsal, calls: u64) -> String {
    match rehearsal.window.a_day(calls) {
        0 => "less than 1".to_owned(),
        calls => grouped(calls),
    }
}

/// A line of the table: an entity, or the calls without one.
struct Line<'a> {
    app: &'a AppRehearsal,
    entity: Option<EntityId>,
    accesses: Vec<Access>,
    sum: CallSum,
}

/// What would be refused, most frequent first; then what would be lost and was not used.
fn lines(rehearsal: &Rehearsal) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    for app in &rehearsal.apps {
        let mut of_entity: BTreeMap<Option<EntityId>, (Vec<Access>, CallSum)> = BTreeMap::new();
        for (kind, sum) in &app.rehearsed.stopped {
            let (accesses, all) = of_entity.entry(kind.entity.clone()).or_default();
            accesses.extend(kind.access.filter(|access| !accesses.contains(access)));
            all.merge(*sum);
        }
        lines.extend(of_entity.into_iter().map(|(entity, (accesses, sum))| Line {
            app,
            entity,
            accesses,
            sum,
        }));
        lines.extend(app.unused.iter().map(|unused| Line {
            app,
            entity: Some(unused.entity_id.clone()),
            accesses: Vec::new(),
            sum: CallSum {
                calls: 0,
                last_at: unused.last_used_at,
            },
        }));
    }
    lines.sort_by_key(|line| std::cmp::Reverse(line.sum.calls));
    lines
}

fn table(rehearsal: &Rehearsal, lines: &[Line<'_>], sum: CallSum) -> Markup {
    let has_apps = rehearsal.apps.len() > 1;
    let (now, more) = (rehearsal.window.until, lines.len().saturating_sub(LINES_MAX));
    html! {
        table.table.entities {
            caption.unseen.hidden { "Calls that would have been refused, by entity" }
            thead { tr {
                @if has_apps { th scope="col" { "Application" } }
                th scope="col" { "Entity" } th scope="col" { "Used for" } th scope="col" { "Last used" }
                th.num scope="col" { "Calls" }
            } }
            tbody {
                @for line in lines.iter().take(LINES_MAX) {
                    tr {
                        @if has_apps { td data-title="Application" { bdi { (line.app.name.as_str()) } } }
                        th scope="row" {
                            @match &line.entity {
                                Some(entity) => bdi { (name_of(rehearsal, entity)) },
                                None => span.second { "No entity named" },
                            }
                        }
                        td.second data-title="Used for" { (accesses(&line.accesses)) }
                        @if line.sum.calls > 0 {
                            td.when data-title="Last used" {
                                @if let Some(at) = line.sum.last_at { (ago(at, now)) }
                            }
                            td.num data-title="Calls" { (grouped(line.sum.calls)) }
                        } @else {
                            td.when.third data-title="Last used" {
                                @match line.sum.last_at {
                                    Some(at) => { "not used since " (ago(at, now)) },
                                    None => "never",
                                }
                            }
                            td.num data-title="Calls" { "none" }
                        }
                    }
                }
                @if more > 0 { tr { th scope="row" { (grouped(more as u64)) " more" } td {} td {} td {} @if has_apps { td {} } } }
            }
            tfoot { tr {
                th scope="row" { "All" } td {} td {} @if has_apps { td {} }
                td.num data-title="Calls" { (grouped(sum.calls)) }
            } }
        }
    }
}

fn accesses(accesses: &[Access]) -> &'static str {
    match (accesses.contains(&Access::Read), accesses.contains(&Access::Write)) {
        (true, true) => "Read and Write",
        (true, false) => "Read",
        (false, true) => "Write",
        (false, false) => "",
    }
}

fn name_of(rehearsal: &Rehearsal, entity: &EntityId) -> String {
    let name = rehearsal.group.customer.entities.get(entity);
    name.map_or_else(|| entity.to_string(), |name| name.as_str().to_owned())
}

fn gaps(rehearsal: &Rehearsal) -> Markup {
    let introspections = rehearsal.sum(|rehearsed| {
        let mut sum = CallSum::default();
        let without_entity = rehearsed.stopped.iter().filter(|(kind, _)| kind.entity.is_none());
        without_entity.for_each(|(_, stopped)| sum.merge(*stopped));
        sum
    });
    let without_entity = rehearsal.sum(|rehearsed| rehearsed.without_entity).calls;
    let without_secret = rehearsal.sum(|rehearsed| rehearsed.without_secret).calls;
    let window = rehearsal.window;
    html! {
        @if introspections.calls > 0 {
            (gap(&html! { "No entity was named in " (introspection(introspections.calls)) "." },
                "They would have been refused as well; for which entities cannot be told."))
        }
        @if without_entity > 0 {
            (gap(&html! { "No entity was named in " (introspection(without_entity)) ": not known." },
                "They would have been answered as before; whether for an entity that is lost cannot be told."))
        }
        @if without_secret > 0 {
            (gap(&html! { (grouped(without_secret)) " calls: not known with which client secret." },
                "A gateway counted them, or the secret that they came with has ended since."))
        }
        @if !window.is_whole() {
            (gap(&html! { "There is nothing before " (window.first.for_people()) "." },
                &match window.days {
                    1 => "The figures cover one day.".to_owned(),
                    days => format!("The figures cover {days} days, and not 90."),
                }))
        }
        @if rehearsal.has_more {
            (gap(&html! { "There are more applications." }, "Only the first of the group were looked at, by name."))
        }
    }
}

fn introspection(calls: u64) -> String {
    match calls {
        1 => "one introspection".to_owned(),
        calls => format!("{} introspections", grouped(calls)),
    }
}

fn gap(first: &Markup, then: &str) -> Markup {
    html! {
        li {
            svg.icon viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" fill="none" stroke="currentColor" {
                circle cx="8" cy="8" r="6" {}
                path d="M8 7.500V11m0-6v.01" {}
            }
            p { b { (first) } " " (then) }
        }
    }
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_lowercase().to_string());
    first.unwrap_or_default() + chars.as_str()
}
