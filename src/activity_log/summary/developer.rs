//! Describes the events of a developer's portal account.

use gatebook_aggregates::developer::DeveloperEvent as Event;

use super::{downloaded, quoted};

/// The sentence about an event, without the actor at its beginning.
pub(super) fn describe_event(event: &Event) -> String {
    match event {
        Event::DeveloperSignedUp {
            email,
            full_name,
            invited_by,
        } => format!(
            "signed up to the Developer Portal as {} with the address {email}, \
             invited by the application {invited_by}.",
            quoted(full_name.as_str())
        ),
        Event::DeveloperLoggedIn { session_id, expires_at } => {
            format!("logged in to the Developer Portal; the session {session_id} is valid until {expires_at}.")
        }
        Event::DeveloperLoggedOut { session_id } => {
            format!("logged out of the Developer Portal and ended the session {session_id}.")
        }
        Event::DeveloperPasswordResetRequested { link_id, expires_at } => format!(
            "requested a new password for the Developer Portal; the link {link_id} was sent by e-mail and is valid \
             until {expires_at}."
        ),
        Event::DeveloperPasswordChosen { link_id } => {
            format!("set a new password for the Developer Portal with the link {link_id}, which ended all sessions.")
        }
        Event::DeveloperLogDownloaded { format, from, to } => {
            downloaded("the log of the Developer Portal account", *format, *from, *to)
        }
    }
}
