//! Summaries of the events of a group user's console account.

use gatebook_aggregates::user_account::UserAccountEvent as Event;

/// The sentence about an event, without the name at its beginning.
pub(super) fn describe_event(event: &Event) -> String {
    match event {
        Event::UserPasswordLinkSent {
            email,
            link_id,
            expires_at,
        } => {
            format!("sent the link {link_id} to {email}, with which a password can be chosen until {expires_at}.")
        }
        Event::UserPasswordResetRequested {
            email,
            link_id,
            expires_at,
        } => {
            format!("requested a new password; the link {link_id} was sent to {email} and is valid until {expires_at}.")
        }
        Event::UserPasswordChosen { link_id } => {
            format!("set a password with the link {link_id}, which ended all sessions.")
        }
        Event::UserSignedIn { session_id, expires_at } => {
            format!("signed in; the session {session_id} is valid until {expires_at}.")
        }
        Event::UserSignedOut { session_id } => format!("ended the session {session_id}."),
    }
}
