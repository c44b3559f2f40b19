//! What is said over HTTP.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

use crate::signature::Verifier;

/// A call that somebody wants to make.
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Check {
    /// The access token that was presented.
    pub token: String,
    /// The id of the entity that the call is about.
    pub entity: String,
    /// `read` or `write`.
    pub access: String,
}

/// The answer of `/gateway/verify`.
#[derive(Clone, Debug, Deserialize)]
pub struct VerifyAnswer {
    /// Whether the call may pass.
    pub allowed: bool,
    /// `ok`, or why not.
    pub reason: String,
    /// The token's id, if it is genuine.
    pub token_id: Option<String>,
    /// Its application.
    pub app_id: Option<String>,
    /// The application's group.
    pub group_id: Option<String>,
    /// The end of the log that it is true at. Without it the answer must not be kept.
    pub as_of: Option<String>,
    /// Where the projections stood.
    pub generation: Option<i64>,
    /// When time alone may change it.
    pub good_until: Option<DateTime<Utc>>,
}

/// The answer of `/gateway/feed`.
#[derive(Clone, Debug, Deserialize)]
pub struct FeedAnswer {
    /// Where it begins.
    pub from: Option<String>,
    /// Where it ends.
    pub to: String,
    /// What to drop: ids, by what they are ids of.
    pub evict: BTreeMap<String, Vec<String>>,
    /// Whether to drop everything.
    pub all: bool,
    /// Where the projections stand.
    pub generation: i64,
    /// The node's time.
    pub at: DateTime<Utc>,
    /// Ed25519 over [`FeedAnswer::signed`], in base64url.
    pub signature: String,
}

/// The answer of `/gateway/feed-key`.
#[derive(Clone, Debug, Deserialize)]
pub struct FeedKey {
    /// The public key, in base64url.
    pub x: String,
}

impl FeedAnswer {
    /// Whether it is signed with this key.
    pub fn is_signed_with(&self, key: &FeedKey) -> bool {
        Verifier::new(key).is_ok_and(|verifier| verifier.verifies(self))
    }

    /// What is signed: the values line by line, as they are in the answer.
    pub fn signed(&self) -> String {
        let from = self.from.as_deref().unwrap_or_default();
        let at = self.at.to_rfc3339_opts(SecondsFormat::Millis, true);
        let mut signed = format!(
            "gatebook feed v1\n{from}\n{}\n{at}\n{}\n{}\n",
            self.to, self.generation, self.all
        );
        for (key, ids) in &self.evict {
            for id in ids {
                signed.push_str(&format!("{key} {id}\n"));
            }
        }
        signed
    }
}
