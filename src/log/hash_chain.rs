//! The hash of an event: what makes a change by hand visible.
//!
//! A hash covers everything that the log holds of an event, and the hash of its predecessor in the stream. The digests
//! of secrets inside a payload enter by a hash of their own, so that an auditor can recompute the chain from an
//! exported file that holds no digest. Because the parts are taken from the JSON, a payload has to be exactly the
//! compact JSON of its parts: [`EventParts::of`] refuses any other bytes, which covers the stored bytes too.

use gatebook_projections::recorded::{StoredEvent, UnreadableEvent};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// The previous hash of the first event of a stream.
pub const NO_PREDECESSOR: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// How the names of fields end whose values are digests of secrets.
const DIGEST_SUFFIX: &str = "_digest";

/// The parts of a payload: what may be shown, and what may not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventParts {
    /// The event's fields without digests, as compact JSON.
    pub details: String,
    /// The hash of its digests, in hex; empty when it has none.
    pub digests_hash: String,
}

impl EventParts {
    /// Takes a stored payload apart; refuses one that is not the compact JSON of a single fact.
    pub fn of(stored: &StoredEvent) -> Result<Self, UnreadableEvent> {
        let fact: Value =
            serde_json::from_str(&stored.payload).map_err(|problem| stored.unreadable(&problem.to_string()))?;
        let canonical = serde_json::to_string(&fact).is_ok_and(|canonical| canonical == stored.payload);
        let Value::Object(fact) = fact else {
            return Err(stored.unreadable("its payload is no object"));
        };
        match (canonical, fact.len(), fact.into_iter().next()) {
            (true, 1, Some((name, Value::Object(fields)))) if name == stored.event_type => Ok(Self::split(fields)),
            _ => Err(stored.unreadable("its payload is not the compact JSON of one fact of its type")),
        }
    }

    fn split(mut fields: Map<String, Value>) -> Self {
        let digests = take_digests(&mut fields);
        let digests_hash = if digests.is_empty() {
            String::new()
        } else {
            hex::encode(Sha256::digest(digests.join("\n")))
        };
        Self {
            details: Value::Object(fields).to_string(),
            digests_hash,
        }
    }
}

/// The hash of an event, from all that is stored of it but `hash`.
pub fn hash_of(stored: &StoredEvent, parts: &EventParts) -> String {
    let (position, sequence) = (stored.position.to_string(), stored.sequence.to_string());
    let covered: [&str; 13] = [
        &stored.previous_hash,
        &position,
        &stored.recorded_at,
        &stored.aggregate_type,
        &stored.aggregate_id,
        &stored.group_id,
        &stored.app_id,
        &sequence,
        &stored.event_type,
        &stored.event_version,
        &stored.metadata,
        &parts.details,
        &parts.digests_hash,
    ];
    let mut hasher = Sha256::new();
    for part in covered {
        // With its length before it, no part can pass for the end of another.
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hex::encode(hasher.finalize())
}

/// The hash of an event, also of one whose payload has no parts: then it counts as it stands. For telling whether an event is
/// still the same.
pub fn hash_as_stored(stored: &StoredEvent) -> String {
    let parts = EventParts::of(stored).unwrap_or_else(|_| EventParts {
        // What may be shown of a fact is an object, which begins with a brace.
        details: format!("payload {}", stored.payload),
        digests_hash: String::new(),
    });
    hash_of(stored, &parts)
}

fn take_digests(fields: &mut Map<String, Value>) -> Vec<String> {
    let names: Vec<String> = fields
        .keys()
        .filter(|name| name.ends_with(DIGEST_SUFFIX))
        .cloned()
        .collect();
    let taken = names
        .into_iter()
        .filter_map(|name| fields.shift_remove(&name).map(|value| format!("{name}={value}")));
    taken.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(payload: &str) -> StoredEvent {
        StoredEvent {
            position: 7,
            recorded_at: "2026-11-23T09:15:00.000Z".to_owned(),
            aggregate_type: "IntegrationApp".to_owned(),
            aggregate_id: "a".to_owned(),
            group_id: "acme".to_owned(),
            app_id: "a".to_owned(),
            sequence: 3,
            event_type: "OneTimePasswordReset".to_owned(),
            event_version: "1".to_owned(),
            payload: payload.to_owned(),
            metadata: "{}".to_owned(),
            previous_hash: NO_PREDECESSOR.to_owned(),
            hash: String::new(),
        }
    }

    const RESET: &str = r#"{"OneTimePasswordReset":{"email":"d@example.com","otp_digest":"ab","otp_expires_at":"x"}}"#;

    #[test]
    fn r28_digests_are_told_apart_from_what_may_be_shown() {
        let parts = EventParts::of(&event(RESET)).unwrap();
        assert_eq!(parts.details, r#"{"email":"d@example.com","otp_expires_at":"x"}"#);
        assert_eq!(parts.digests_hash.len(), 64);
        let other = EventParts::of(&event(&RESET.replace("\"ab\"", "\"ac\""))).unwrap();
        assert_ne!(parts.digests_hash, other.digests_hash);
    }

    #[test]
    fn a_hash_changes_with_every_part_of_the_event() {
        let original = event(RESET);
        let hash = |event: &StoredEvent| hash_of(event, &EventParts::of(event).unwrap());
        let changes: [fn(&mut StoredEvent); 10] = [
            |e| e.position += 1,
            |e| e.recorded_at.push('0'),
            |e| e.aggregate_id.push('0'),
            |e| e.group_id.push('0'),
            |e| e.app_id.push('0'),
            |e| e.sequence += 1,
            |e| e.event_version.push('0'),
            |e| e.metadata.push(' '),
            |e| e.previous_hash.push('0'),
            |e| e.payload = e.payload.replace("\"ab\"", "\"ac\""),
        ];
        for change in changes {
            let mut changed = original.clone();
            change(&mut changed);
            assert_ne!(hash(&original), hash(&changed), "{changed:?}");
        }
    }

    #[test]
    fn an_event_without_parts_is_told_from_every_other() {
        // Without digests: nothing else tells the details alone from the payload.
        const FACT: &str = r#"{"OneTimePasswordReset":{"email":"d@example.com"}}"#;
        let whole = event(FACT);
        let parts = EventParts::of(&whole).unwrap();
        assert_eq!(hash_as_stored(&whole), hash_of(&whole, &parts));
        let (spaced, wide) = (FACT.replace(':', ": "), FACT.replace(':', " : "));
        let others = [spaced, wide, parts.details, String::new()];
        let hashes = others.iter().map(|payload| hash_as_stored(&event(payload)));
        let different: std::collections::BTreeSet<_> = hashes.chain([hash_as_stored(&whole)]).collect();
        assert_eq!(different.len(), 5);
    }

    #[test]
    fn other_bytes_of_the_same_json_are_refused() {
        for payload in [
            RESET.replace(':', ": "),
            RESET.replace("Reset", "Rest"),
            "[]".to_owned(),
            "{".to_owned(),
        ] {
            assert!(EventParts::of(&event(&payload)).is_err(), "{payload}");
        }
    }
}
