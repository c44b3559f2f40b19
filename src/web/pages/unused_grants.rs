//! Granted but unused, on an application's page.

use std::collections::BTreeMap;

use gatebook_aggregates::timestamp::Timestamp;
use maud::{Markup, html};

use crate::application::UnusedGrants;
use crate::numbers::grouped;
use crate::web::pages::times::ago;
use crate::web::pages::usage::EntityNames;

/// After how many days it is worth saying of an application that has not been used at all.
const TELLING_AFTER_DAYS: u64 = 7;

/// The section; nothing if all is used, or if it is too early to tell. `narrow` is the page on which the entities are narrowed, for
/// whoever may do that.
pub fn section(grants: &UnusedGrants, names: &EntityNames<'_>, narrow: Option<&str>) -> Markup {
    let unused = grants.entities.len();
    let is_used = unused < grants.granted;
    let is_telling = is_used || grants.window.days >= TELLING_AFTER_DAYS;
    let days = match grants.window.days {
        1 => "one day".to_owned(),
        days => format!("{days} days"),
    };
    html! {
        @if is_telling && (unused > 0 || grants.is_write_unused) {
            section.section aria-labelledby="unused" {
                div.section-head { h2 id="unused" { "Granted but unused" } p.third { "last " (days) } }
                @if unused > 0 { p { (unused) " of " (grants.granted) " entities untouched in " (days) "." } }
                @if grants.is_write_unused { p { "Write never used." } }
                @if grants.has_calls_without_entity {
                    p.second { "Introspections name no entity: what they were about is not known." }
                }
                @if unused > 0 { (list(grants, names, grants.window.until)) }
                @if let Some(path) = narrow.filter(|_| grants.can_be_narrowed()) {
                    p { a.button href=(path) { "Narrow the entities to those in use" } }
                }
            }
        }
    }
}

fn list(grants: &UnusedGrants, names: &BTreeMap<&str, &str>, now: Timestamp) -> Markup {
    let count = grants.entities.len() as u64;
    html! {
        details.fold {
            summary { "Show " (grouped(count)) }
            ul {
                @for unused in &grants.entities {
                    @let id = unused.entity_id.as_str();
                    li {
                        bdi { (names.get(id).copied().unwrap_or(id)) } " "
                        span.third {
                            @match unused.last_used_at {
                                Some(at) => { "not used since " (ago(at, now)) },
                                None => "never used",
                            }
                        }
                    }
                }
            }
        }
    }
}
