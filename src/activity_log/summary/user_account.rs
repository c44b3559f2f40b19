//! Describes the events of a group user's console account.

use gatebook_aggregates::user_account::UserAccountEvent as Event;

/// The sentence about an event, without the actor at its beginning.
pub(super) fn describe_event(event: &Event) -> String {
    match event {
        Event::UserPasswordLinkSent {
            email,
            link_id,
            expires_at,
        } => {
            format!("had the link {link_id} mailed to {email}, with which a password can be chosen until {expires_at}.")
        }
        Event::UserPasswordResetRequested {
            email,
            link_id,
            expires_at,
        } => {
            format!("asked for a new password; the link {link_id} was mailed to {email} and works until {expires_at}.")
        }
        Event::UserPasswordChosen { link_id } => {
            format!("chose a password with the link {link_id}, which ended all sessions.")
        }
        Event::UserSignedIn { session_id, expires_at } => {
            format!("signed in; the session {session_id} lasts until {expires_at} at most.")
        }
        Event::UserSignedOut { session_id } => format!("ended the session {session_id}."),
    }
}
