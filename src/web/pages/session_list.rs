//! A user's sessions, each with a link to end it, which asks first.

use gatebook_aggregates::identifiers::SessionId;
use gatebook_aggregates::timestamp::Timestamp;
use maud::{Markup, html};

use crate::application::ListedSession;
use crate::web::pages::components::head;
use crate::web::pages::components::notice::{self, Kind};
use crate::web::pages::components::status::tag;
use crate::web::pages::device::device;
use crate::web::pages::form_token::token;
use crate::web::pages::times::{ago, moment};

/// The table of sessions, with the current one marked. Each is ended at `{action}/{id}/end`.
pub fn session_list(sessions: &[ListedSession], this: SessionId, action: &str, now: Timestamp) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-labelledby="sessions" {
            table.table.stacked {
                thead { tr {
                    th scope="col" { "Browser" } th scope="col" { "Since" } th scope="col" { "Last used" }
                    th.num scope="col" { span.unseen { "Actions" } }
                } }
                tbody { @for session in sessions { (row(session, this, action, now)) } }
            }
        }
    }
}

fn row(session: &ListedSession, this: SessionId, action: &str, now: Timestamp) -> Markup {
    let device = device(&session.device);
    html! {
        tr {
            th scope="row" title=(session.device) {
                bdi { (device) }
                @if !session.kind.is_browser_session() { " " (tag("JSON API")) }
                @if session.id == this { " " (tag("this session")) }
            }
            td data-th="Since" { (moment(session.began_at)) }
            td data-th="Last used" { (ago(session.last_used_at, now)) }
            td.num {
                a.button.small href={ (action) "/" (session.id) "/end" }
                    aria-label={ "End session of " (device) ", since " (session.began_at.for_people()) } {
                    "End session"
                }
            }
        }
    }
}

/// The question before one of these sessions is ended. One that is over already has nothing to ask.
pub fn ask_to_end(
    sessions: &[ListedSession],
    id: SessionId,
    this: SessionId,
    (action, back): (&str, &str),
    form_token: &str,
) -> Markup {
    let session = sessions.iter().find(|session| session.id == id);
    html! {
        (head::title(&html! { "End this session?" }))
        @match session {
            None => {
                (notice::told(Kind::Info, &html! { p { "This session has already ended." } }))
                div.actions { a.button.primary href=(back) { "Continue" } }
            },
            Some(session) => {
                dl.facts {
                    div { dt { "Browser" } dd { bdi { (device(&session.device)) } } }
                    div { dt { "Since" } dd { (moment(session.began_at)) } }
                    div { dt { "Last used" } dd { (moment(session.last_used_at)) } }
                }
                p {
                    @if session.id == this { "It is the one that you are using: you will be signed out here." }
                    @else { "Whoever uses it is signed out at once, and has to sign in again." }
                }
                form method="post" action={ (action) "/" (session.id) "/end" } {
                    (token(form_token))
                    div.actions {
                        button.button.danger.solid type="submit" { "End session" }
                        a.button href=(back) { "Keep it" }
                    }
                }
            },
        }
    }
}
