//! The section Usage of an application's page: figures, the chart with a table behind it, refusals by reason, and entities.

use std::collections::BTreeMap;

use gatebook_aggregates::timestamp::Timestamp;
use maud::{Markup, html};

use crate::application::AppUsage;
use crate::numbers::grouped;
use crate::usage::EntityUsage;
use crate::web::pages::times::ago;
use crate::web::pages::usage::plot;
use crate::web::pages::usage::reasons::explained;

/// The names of entities by id, as far as the reader may know them.
pub type EntityNames<'a> = BTreeMap<&'a str, &'a str>;

/// What the application was used for, day by day.
pub fn section(usage: &AppUsage, now: Timestamp) -> Markup {
    let (sum, days) = (usage.sum(), usage.days.len());
    let (allowed, refused) = (sum.checks_allowed, sum.checks_refused());
    let is_used = allowed + refused + sum.tokens_issued + sum.tokens_refused > 0;
    html! {
        section.section aria-labelledby="usage" {
            div.section-head {
                h2 id="usage" { "Usage" }
                p.third {
                    "last used: "
                    @match usage.last_used_at { Some(at) => (ago(at, now)), None => "never" }
                }
            }
            @if is_used {
                dl.totals {
                    div { dt { span.key {} "Allowed" } dd { (grouped(allowed)) } }
                    div { dt { span.key.refused {} "Refused" } dd { (grouped(refused)) (share(refused, allowed + refused)) } }
                    div { dt { "Tokens issued" } dd { (grouped(sum.tokens_issued)) } }
                    @if sum.tokens_refused > 0 { div { dt { "Tokens refused" } dd { (grouped(sum.tokens_refused)) } } }
                }
                (plot(&usage.days, &format!(
                    "Calls per day in the last {days} days: {} allowed, {} refused. The table below has the figures.",
                    grouped(allowed), grouped(refused))))
                (table(usage))
            } @else {
                p.second { "No calls and no access tokens in the last " (days) " days." }
            }
        }
    }
}

fn share(part: u64, whole: u64) -> Markup {
    html! { @if part > 0 { " " small { (format!("{:.1} %", part as f64 * 100.0 / whole as f64)) } } }
}

fn table(usage: &AppUsage) -> Markup {
    let sum = usage.sum();
    html! {
        details.fold {
            summary { "Figures as a table" }
            div.scroll.short tabindex="0" role="region" aria-label="Calls per day" {
                table.table.data {
                    thead { tr {
                        th scope="col" { "Day (UTC)" }
                        th.num scope="col" { "Allowed" }
                        th.num scope="col" { "Refused" }
                        th.num scope="col" { "Tokens issued" }
                    } }
                    tbody {
                        @for (day, counted) in usage.days.iter().rev() {
                            tr {
                                th scope="row" { (day.short()) }
                                td.num { (grouped(counted.checks_allowed)) }
                                td.num { (grouped(counted.checks_refused())) }
                                td.num { (grouped(counted.tokens_issued)) }
                            }
                        }
                    }
                    tfoot { tr {
                        th scope="row" { (usage.days.len()) " days" }
                        td.num { (grouped(sum.checks_allowed)) }
                        td.num { (grouped(sum.checks_refused())) }
                        td.num { (grouped(sum.tokens_issued)) }
                    } }
                }
            }
        }
    }
}

/// Refusals by reason, the most frequent first, with what to do about each. Nothing if there were none.
pub fn by_reason(usage: &AppUsage) -> Markup {
    let sum = usage.sum();
    let mut reasons: Vec<_> = sum.refused.iter().collect();
    reasons.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    html! {
        @if !reasons.is_empty() {
            section.section aria-labelledby="refused" {
                div.section-head {
                    h2 id="refused" { "Refused, by reason" }
                    p.third { "last " (usage.days.len()) " days" }
                }
                table.table.top.stacked.reasons {
                    thead { tr {
                        th scope="col" { "Reason" } th.num scope="col" { "Calls" } th scope="col" { "What to do" }
                    } }
                    tbody {
                        @for (reason, count) in reasons {
                            @let (name, advice) = explained(reason);
                            tr {
                                th scope="row" { (name) br; code.third { (reason) } }
                                td.num data-th="Calls" data-title="Calls" { (grouped(*count)) }
                                td data-th="What to do" data-title="What to do" { (advice) }
                            }
                        }
                    }
                    tfoot { tr {
                        th scope="row" { "All" }
                        td.num data-th="Calls" data-title="Calls" { (grouped(sum.checks_refused())) }
                        td {}
                    } }
                }
            }
        }
    }
}

/// Checks by entity and access. Nothing if there were none.
pub fn by_entity(entities: &[EntityUsage], names: &EntityNames<'_>, now: Timestamp) -> Markup {
    html! {
        @if !entities.is_empty() {
            section.section aria-labelledby="by-entity" {
                div.section-head { h2 id="by-entity" { "Calls, by entity" } p.third { "last 30 days" } }
                div.scroll.short tabindex="0" role="region" aria-label="Calls by entity" {
                    table.table.stacked {
                        thead { tr {
                            th scope="col" { "Entity" } th scope="col" { "Access" } th.num scope="col" { "Allowed" }
                            th.num scope="col" { "Refused" } th scope="col" { "Last" }
                        } }
                        tbody { @for used in entities { (entity_row(used, names, now)) } }
                    }
                }
            }
        }
    }
}

fn entity_row(used: &EntityUsage, names: &EntityNames<'_>, now: Timestamp) -> Markup {
    html! {
        tr {
            th scope="row" {
                @match used.entity_id.as_str() {
                    "" => span.second { "none named, or not known" },
                    id => @match names.get(id) {
                        Some(name) => { bdi { (name) } " " span.third { (id) } }
                        None => code { (id) },
                    },
                }
            }
            td data-th="Access" data-title="Access" { (access(&used.access)) }
            td.num data-th="Allowed" data-title="Allowed" { (grouped(used.allowed)) }
            td.num data-th="Refused" data-title="Refused" { (grouped(used.refused)) }
            td data-th="Last" data-title="Last" { (ago(used.last_at, now)) }
        }
    }
}

/// The access in words.
pub(super) fn access(access: &str) -> &'static str {
    match access {
        "read" => "Read",
        "write" => "Write",
        _ => "–",
    }
}
