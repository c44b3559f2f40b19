//! R28: the activity of an application as a list of sentences, newest first.

use gatebook_aggregates::identifiers::AppId;
use gatebook_aggregates::timestamp::Timestamp;
use maud::{Markup, html};

use crate::activity_log::LogEntry;
use crate::application::EventsPage;
use crate::store::StoreError;
use crate::web::api::json::{read_cursor, write_cursor};
use crate::web::error::Problem;
use crate::web::pages::console::applications::shared::app_path;
use crate::web::pages::current_user::ConsoleUser;
use crate::web::pages::form::Form;
use crate::web::pages::times::moment;
use crate::web::service::Service;

/// Events per page.
const EVENTS: u32 = 20;

/// One page of an application's timeline.
pub async fn of(service: &Service, user: &ConsoleUser, id: AppId, query: &Form) -> Result<Markup, Problem> {
    // An invalid cursor shows the newest events.
    let before = query.filled("cursor").and_then(read_cursor);
    let EventsPage { events, next } = service.app_events(user.caller().reader()?, id, before, EVENTS).await?;
    let entries: Result<Vec<_>, _> = events
        .into_iter()
        .map(|event| LogEntry::shown_for(event, Some(id)))
        .collect();
    let entries = entries.map_err(StoreError::from)?;
    Ok(html! {
        section aria-labelledby="activity" {
            h2 id="activity" { "Activity" }
            ol.timeline reversed { @for entry in &entries { (line(entry)) } }
            nav.pages aria-label="Pages of the activity" {
                @if before.is_some() { a.button.plain href={ (app_path(id, "")) "#activity" } { "Newest events" } " " }
                @if let Some(next) = next {
                    a.button.plain rel="next" href={ (app_path(id, "?cursor=")) (write_cursor(&next)) "#activity" } {
                        "Older events"
                    }
                }
            }
        }
    })
}

fn line(entry: &LogEntry) -> Markup {
    html! {
        li value=(entry.sequence) {
            p.detail {
                @match Timestamp::parse(&entry.recorded_at) {
                    Some(at) => (moment(at)),
                    None => (entry.recorded_at),
                }
                @if !entry.ip_address.is_empty() { " from " (entry.ip_address) }
            }
            p { bdi { (entry.summary) } }
        }
    }
}
