//! What this program knows of any event by the name of its kind of stream: whether it can be read, and whether somebody only
//! looked.

use cqrs_es::Aggregate;
use gatebook_aggregates::access_token::AccessToken;
use gatebook_aggregates::developer::Developer;
use gatebook_aggregates::group::Group;
use gatebook_aggregates::integration_app::IntegrationApp;
use gatebook_aggregates::refused_attempts::RefusedAttempts;
use gatebook_aggregates::system::System;
use gatebook_aggregates::timeline_views::TimelineViews;
use gatebook_aggregates::usage::Usage;
use gatebook_aggregates::user_account::UserAccount;
use gatebook_projections::recorded::{StoredEvent, UnreadableEvent};
use sha2::{Digest, Sha256};
use strum::VariantNames;

use super::stored_aggregate::StoredAggregate;

/// Makes of one list of all aggregates everything that is asked by the name of a kind of stream. A test here fails if an
/// aggregate is missing.
macro_rules! aggregates {
    ($($aggregate:ty),* $(,)?) => {
        /// Reads the event, to see whether it can be read.
        ///
        /// # Errors
        /// What is wrong with it.
        pub fn check(event: &StoredEvent) -> Result<(), UnreadableEvent> {
            match event.aggregate_type.as_str() {
                $(<$aggregate>::TYPE => event.read::<$aggregate>().map(drop),)*
                _ => Err(event.unreadable("this program does not know such streams")),
            }
        }

        /// The names of all events, by the kind of stream that they are in.
        pub const EVENT_NAMES: &[(&str, &[&str])] =
            &[$((<$aggregate>::TYPE, <<$aggregate as Aggregate>::Event as VariantNames>::VARIANTS)),*];

        /// The names of events by which somebody only looked, in this kind of stream; none in a kind that this program does
        /// not know.
        pub(super) fn audited_reads_of(aggregate_type: &str) -> &'static [&'static str] {
            match aggregate_type {
                $(<$aggregate>::TYPE => <$aggregate>::AUDITED_READS,)*
                _ => &[],
            }
        }
    };
}

aggregates!(
    IntegrationApp,
    AccessToken,
    Group,
    Developer,
    UserAccount,
    System,
    RefusedAttempts,
    TimelineViews,
    Usage,
);

/// Another one for each version of the program that knows other events.
pub fn fingerprint() -> String {
    let known = EVENT_NAMES.iter().map(|(_, names)| names.join(","));
    let known = known.collect::<Vec<_>>().join(";");
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
