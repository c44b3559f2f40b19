//! What can happen to the installation as a whole, in words.

use gatebook_aggregates::system::SystemEvent as Event;

use super::downloaded;

/// The sentence about an event, without its beginning: who did it.
pub(super) fn described(event: &Event) -> String {
    match event {
        Event::TokensEnded { issued_before } => {
            format!("ended every access token that was issued before {issued_before}, of all applications.")
        }
        Event::SystemLogDownloaded { format, from, to } => {
            downloaded("the log of the installation", *format, *from, *to)
        }
    }
}
