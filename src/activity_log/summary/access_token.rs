//! What can happen to an access token, in words.

use gatebook_aggregates::access_token::AccessTokenEvent as Event;

/// The sentence about an event, without its beginning: who did it.
pub(super) fn describe_event(event: &Event) -> String {
    match event {
        Event::AccessTokenRevoked {
            token_id, expires_at, ..
        } => format!("gave back the access token {token_id}, which would have been valid until {expires_at}."),
    }
}
