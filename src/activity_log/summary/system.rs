//! Describes the events of the installation.

use gatebook_aggregates::system::SystemEvent as Event;

use super::{downloaded, quoted};

/// The sentence about an event, without the actor at its beginning.
pub(super) fn described(event: &Event) -> String {
    match event {
        Event::TokensEnded { issued_before } => {
            format!("ended all access tokens of all applications that were issued before {issued_before}.")
        }
        Event::OperatorTokenCreated {
            token_id,
            name,
            expires_at,
        } => {
            let name = quoted(name.as_str());
            format!("created the operator token {token_id} {name}, valid until {expires_at}.")
        }
        Event::OperatorTokenEnded { token_id, name } => {
            format!("ended the operator token {token_id} {}.", quoted(name.as_str()))
        }
        Event::ResourceServerCreated { client_id, name } => {
            format!("created the resource server {client_id} {}.", quoted(name.as_str()))
        }
        Event::ResourceServerEnded { client_id, name } => {
            let name = quoted(name.as_str());
            format!("ended the credentials of the resource server {client_id} {name}.")
        }
        Event::EventQuarantined {
            position,
            aggregate_type,
            aggregate_id,
            sequence,
            event_type,
            event_version,
            hash: _,
            reason,
        } => format!(
            "quarantined the event at position {position} ({event_type} version {event_version}, number {sequence} of \
             {aggregate_type} {aggregate_id}), which cannot be read: {}",
            quoted(reason.as_str())
        ),
        Event::SystemLogDownloaded { format, from, to } => {
            downloaded("the log of the installation", *format, *from, *to)
        }
    }
}
