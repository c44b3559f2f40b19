//! A user's sessions, each with a button to end it.

use gatebook_aggregates::identifiers::SessionId;
use maud::{Markup, html};

use crate::application::ListedSession;
use crate::web::pages::form_token::token;
use crate::web::pages::times;

/// The table of sessions, with the current one marked. Each is ended at `{action}/{id}/end`.
pub fn session_list(sessions: &[ListedSession], this: SessionId, action: &str, form_token: &str) -> Markup {
    html! {
        div.wide tabindex="0" role="region" aria-labelledby="sessions" {
            table.cards {
                thead { tr {
                    th scope="col" { "Browser" } th scope="col" { "Since" } th scope="col" { "Last used" }
                    th scope="col" { "Actions" }
                } }
                tbody { @for session in sessions { (row(session, this, action, form_token)) } }
            }
        }
    }
}

fn row(session: &ListedSession, this: SessionId, action: &str, form_token: &str) -> Markup {
    let device = if session.device.is_empty() {
        "unknown"
    } else {
        &session.device
    };
    html! {
        tr {
            th scope="row" {
                bdi { (device) }
                @if !session.kind.is_browser_session() { " " span.badge { "JSON API" } }
                @if session.id == this { " " span.badge.good { "this session" } }
            }
            td data-title="Since" { (times::moment(session.began_at)) }
            td data-title="Last used" { (times::moment(session.last_used_at)) }
            td {
                form method="post" action={ (action) "/" (session.id) "/end" } {
                    (token(form_token))
                    button.plain type="submit" aria-label={ "End session of " (device) ", since " (session.began_at.for_people()) } {
                        "End session"
                    }
                }
            }
        }
    }
}
