//! Whether this program can read an event, whatever kind of stream it is in.

use cqrs_es::Aggregate;
use gatebook_aggregates::access_token::{AccessToken, AccessTokenEvent};
use gatebook_aggregates::developer::{Developer, DeveloperEvent};
use gatebook_aggregates::group::{Group, GroupEvent};
use gatebook_aggregates::integration_app::{IntegrationApp, IntegrationAppEvent};
use gatebook_aggregates::refused_attempts::{RefusedAttempts, RefusedAttemptsEvent};
use gatebook_aggregates::system::{System, SystemEvent};
use gatebook_aggregates::timeline_views::{TimelineViews, TimelineViewsEvent};
use gatebook_aggregates::user_account::{UserAccount, UserAccountEvent};
use gatebook_projections::recorded::{StoredEvent, UnreadableEvent};
use sha2::{Digest, Sha256};
use strum::VariantNames;

/// Reads the event, to see whether it can be read.
///
/// # Errors
/// What is wrong with it.
pub fn check(event: &StoredEvent) -> Result<(), UnreadableEvent> {
    match event.aggregate_type.as_str() {
        IntegrationApp::TYPE => event.read::<IntegrationApp>().map(drop),
        AccessToken::TYPE => event.read::<AccessToken>().map(drop),
        Group::TYPE => event.read::<Group>().map(drop),
        Developer::TYPE => event.read::<Developer>().map(drop),
        UserAccount::TYPE => event.read::<UserAccount>().map(drop),
        System::TYPE => event.read::<System>().map(drop),
        RefusedAttempts::TYPE => event.read::<RefusedAttempts>().map(drop),
        TimelineViews::TYPE => event.read::<TimelineViews>().map(drop),
        _ => Err(event.unreadable("this program does not know such streams")),
    }
}

/// The names of all events, by the kind of stream that they are in.
pub const EVENT_NAMES: [(&str, &[&str]); 8] = [
    (IntegrationApp::TYPE, IntegrationAppEvent::VARIANTS),
    (AccessToken::TYPE, AccessTokenEvent::VARIANTS),
    (Group::TYPE, GroupEvent::VARIANTS),
    (Developer::TYPE, DeveloperEvent::VARIANTS),
    (UserAccount::TYPE, UserAccountEvent::VARIANTS),
    (System::TYPE, SystemEvent::VARIANTS),
    (RefusedAttempts::TYPE, RefusedAttemptsEvent::VARIANTS),
    (TimelineViews::TYPE, TimelineViewsEvent::VARIANTS),
];

/// Another one for each version of the program that knows other events.
pub fn fingerprint() -> String {
    let known = EVENT_NAMES.map(|(_, names)| names.join(",")).join(";");
    let version = env!("CARGO_PKG_VERSION");
    hex::encode(Sha256::digest(format!("{version};{known}")))[..16].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_that_was_ever_shipped_can_be_read_whatever_its_stream() {
        for line in include_str!("../../aggregates/golden/v1.ndjson").lines() {
            let golden: serde_json::Value = serde_json::from_str(line).unwrap();
            let text = |name: &str| golden[name].as_str().unwrap().to_owned();
            let event = StoredEvent {
                position: 7,
                recorded_at: "2026-11-23T09:15:00.000Z".to_owned(),
                aggregate_type: text("aggregate_type"),
                aggregate_id: String::new(),
                group_id: String::new(),
                app_id: String::new(),
                sequence: 1,
                event_type: text("event_type"),
                event_version: text("event_version"),
                payload: golden["payload"].to_string(),
                metadata: r#"{"actor_type":"system","actor_id":"","actor_name":"","ip_address":"","request_id":"","app_name":""}"#
                    .to_owned(),
                previous_hash: String::new(),
                hash: String::new(),
            };
            assert_eq!(check(&event), Ok(()), "{line}");
        }
    }
}
