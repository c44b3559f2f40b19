//! Summaries of the events of an access token.

use gatebook_aggregates::access_token::AccessTokenEvent as Event;

/// The sentence about an event, without the name at its beginning.
pub(super) fn describe_event(event: &Event) -> String {
    match event {
        Event::AccessTokenRevoked {
            token_id, expires_at, ..
        } => format!("revoked the access token {token_id}, which would have been valid until {expires_at}."),
    }
}
