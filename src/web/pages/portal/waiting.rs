//! What of the developer's verified applications waits for whom, for the portal's home page. Those that wait for an OTP have a
//! list of their own.

use gatebook_aggregates::attention::Attention;
use gatebook_aggregates::integration_app::{Status, has_ended};
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::groups::GroupRow;
use gatebook_projections::portal_apps::PortalAppRow;
use maud::{Markup, html};

use crate::application::PortalHome;

/// An application that waits, with the words for it.
struct Waits<'a> {
    app: &'a PortalAppRow,
    group: &'a GroupRow,
    tone: &'static str,
    word: &'static str,
    detail: Markup,
}

/// The list of what waits; nothing if nothing does.
pub fn list(home: &PortalHome, now: Timestamp) -> Markup {
    let waiting: Vec<_> = home
        .apps
        .iter()
        .filter_map(|(app, group)| waits(app, group, now))
        .collect();
    html! {
        @if !waiting.is_empty() {
            section.section aria-labelledby="attention" {
                div.section-head { h2 id="attention" { "What is waiting " span { (waiting.len()) } } }
                ol.entries.attention { @for one in &waiting { (entry(one)) } }
            }
        }
    }
}

fn entry(one: &Waits<'_>) -> Markup {
    html! {
        li {
            span.status.(one.tone) { (one.word) }
            div {
                a.name.quiet href={ "/portal/apps/" (one.app.app_id) } { bdi { (one.app.name.as_str()) } }
                p.detail { bdi { (one.group.customer.name.as_str()) } ": " (one.detail) }
            }
        }
    }
}

fn waits<'a>(app: &'a PortalAppRow, group: &'a GroupRow, now: Timestamp) -> Option<Waits<'a>> {
    let (tone, word, detail) = state(app, group, now)?;
    Some(Waits {
        app,
        group,
        tone,
        word,
        detail,
    })
}

fn state(app: &PortalAppRow, group: &GroupRow, now: Timestamp) -> Option<(&'static str, &'static str, Markup)> {
    if app.status == Status::Suspended {
        return Some((
            "paused",
            "Suspended",
            html! { "The Integration Admin has to resume it." },
        ));
    }
    if app.status == Status::Active && has_ended(app.ends_at, now) {
        let detail = html! { "Its end date has passed. The Integration Admin can choose a later one." };
        return Some(("bad", "Access ended", detail));
    }
    match app.attention(group, now).first()? {
        Attention::AccessEndsToday => Some((
            "bad",
            Attention::AccessEndsToday.title(),
            html! { "Ask the Integration Admin." },
        )),
        Attention::SecretEndsSoon => {
            let detail = html! { "Make sure that your integration uses a client secret that goes on." };
            Some(("warn", Attention::SecretEndsSoon.title(), detail))
        }
        Attention::NoEntities => Some((
            "warn",
            Attention::NoEntities.title(),
            html! { "The Integration Admin has to select entities again." },
        )),
        Attention::OtpLocked
        | Attention::MailRefused
        | Attention::InvitationExpired
        | Attention::OtpExpired
        | Attention::NeverUsed
        | Attention::Unused90Days => None,
    }
}
