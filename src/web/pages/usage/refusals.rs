//! The last refusals of an application, for the question why a call was refused.

use gatebook_aggregates::timestamp::Timestamp;
use maud::{Markup, html};

use crate::usage::Refusal;
use crate::web::pages::times::moment;
use crate::web::pages::usage::reasons::explained;
use crate::web::pages::usage::relative;
use crate::web::pages::usage::section::{EntityNames, access};

/// The longest id of a request that is shown in the search again.
const SHOWN_MAX: usize = 100;

/// The refusals, with a search by the id of a request below `path`. `searched` is what was searched for.
pub fn refusals(
    refusals: &[Refusal],
    names: &EntityNames<'_>,
    (path, searched): (&str, Option<&str>),
    now: Timestamp,
) -> Markup {
    if refusals.is_empty() && searched.is_none() {
        return html! {};
    }
    let shown: String = searched.unwrap_or_default().chars().take(SHOWN_MAX).collect();
    let has_gateways = refusals.iter().any(|refusal| !refusal.gateway.is_empty());
    html! {
        section.section aria-labelledby="refusals" {
            div.section-head { h2 id="refusals" { "Last refusals" } p.third { "the last 100 calls" } }
            form.toolbar method="get" action={ (path) "#refusals" } role="search" aria-label="Search the refusals" {
                label for="request_id" { "Request id" }
                " " input id="request_id" name="request_id" type="search" value=(shown) autocomplete="off";
                " " button.button.small type="submit" { "Search" }
                @if searched.is_some() { " " a.button.small.plain href={ (path) "#refusals" } { "Show all" } }
            }
            @if refusals.is_empty() {
                p.second role="status" { "None of the last refusals was of the request “" bdi { (shown) } "”." }
            } @else {
                div.scroll.short tabindex="0" role="region" aria-label="Last refusals" {
                    table.table.top.stacked {
                        thead { tr {
                            th scope="col" { "Time" } th scope="col" { "Reason" } th scope="col" { "Entity" }
                            th scope="col" { "Access" } th scope="col" { "Client secret" } th scope="col" { "Request id" }
                            @if has_gateways { th scope="col" { "Gateway" } }
                        } }
                        tbody { @for refusal in refusals { (row(refusal, names, has_gateways, now)) } }
                    }
                }
            }
        }
    }
}

fn row(refusal: &Refusal, names: &EntityNames<'_>, has_gateways: bool, now: Timestamp) -> Markup {
    let (name, _) = explained(&refusal.reason);
    html! {
        tr {
            th scope="row" { (relative(refusal.at, now)) br; span.third { (moment(refusal.at)) } }
            td data-th="Reason" data-title="Reason" { (name) br; code.third { (refusal.reason) } }
            td data-th="Entity" data-title="Entity" {
                @match names.get(refusal.entity_id.as_str()) {
                    Some(name) => bdi { (name) },
                    None => @if refusal.entity_id.is_empty() { "–" } @else { code { (refusal.entity_id) } },
                }
            }
            td data-th="Access" data-title="Access" { (access(&refusal.access)) }
            td data-th="Client secret" data-title="Client secret" {
                @if refusal.secret_prefix.is_empty() { "–" } @else { code { (refusal.secret_prefix) "…" } }
            }
            td data-th="Request id" data-title="Request id" { code { (refusal.request_id) } }
            @if has_gateways { td data-th="Gateway" data-title="Gateway" { bdi { (refusal.gateway) } } }
        }
    }
}
