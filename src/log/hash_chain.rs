//! The hash of an event: what makes a change by hand visible.
//!
//! A hash covers everything that the log holds of an event, and the hash of its predecessor in the stream. The digests
//! of secrets inside a payload enter by a hash of their own, so that an auditor can recompute the chain from an
//! exported file that holds no digest. Because the parts are taken from the JSON, a payload has to be exactly the
//! compact JSON of its parts: [`EventParts::of`] refuses any other bytes, which covers the stored bytes too.

use gatebook_projections::recorded::{StoredEvent, UnreadableEvent};
use serde::de::IgnoredAny;
use sha2::{Digest, Sha256};

use super::compact_json::{Entries, entries_of_compact_object};

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
        let unreadable = |problem: serde_json::Error| stored.unreadable(&problem.to_string());
        let is_one_fact = entries_of_compact_object(&stored.payload) == Some(1);
        let name = serde_json::to_string(&stored.event_type).map_err(unreadable)?;
        let fields = fields_of(&stored.payload, &name).filter(|_| is_one_fact);
        let Some(fields) = fields else {
            // Says what is wrong with JSON that is none.
            let IgnoredAny = serde_json::from_str(&stored.payload).map_err(unreadable)?;
            return Err(stored.unreadable("its payload is not the compact JSON of one fact of its type"));
        };
        match fields.contains(DIGEST_SUFFIX) {
            true => Self::split(fields).map_err(unreadable),
            false => Ok(Self {
                details: fields.to_owned(),
                digests_hash: String::new(),
            }),
        }
    }

    fn split(fields: &str) -> Result<Self, serde_json::Error> {
        let Entries(entries) = serde_json::from_str(fields)?;
        let (digests, shown): (Vec<_>, Vec<_>) =
            entries.into_iter().partition(|(name, _)| name.ends_with(DIGEST_SUFFIX));
        let digests: Vec<_> = digests.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let digests_hash = match digests.is_empty() {
            true => String::new(),
            false => hex::encode(Sha256::digest(digests.join("\n"))),
        };
        let mut details = Vec::with_capacity(shown.len());
        for (name, value) in shown {
            details.push(format!("{}:{value}", serde_json::to_string(&name)?));
        }
        Ok(Self {
            details: format!("{{{}}}", details.join(",")),
            digests_hash,
        })
    }
}

/// The fields of a fact, as they stand in its compact JSON.
fn fields_of<'a>(payload: &'a str, name: &str) -> Option<&'a str> {
    let fields = payload.strip_prefix('{')?.strip_prefix(name)?.strip_prefix(':')?;
    fields.strip_suffix('}').filter(|fields| fields.starts_with('{'))
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
