//! The identifiers of things: our own are UUIDs, those of groups, entities and users are the caller's.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::refusal::FieldProblem;

macro_rules! own_id {
    ($name:ident, $what:literal) => {
        #[doc = concat!("The id of ", $what, ": a UUID of our own.")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

own_id!(AppId, "an integration application");
own_id!(DeveloperId, "a developer's portal account");
own_id!(
    ClientSecretId,
    "one client secret of an application, never the secret itself"
);
own_id!(AccessTokenId, "an issued access token (`jti`), never the token itself");
own_id!(
    ApiTokenId,
    "a group user's or an operator's token for the API, never the token itself"
);
own_id!(SessionId, "somebody's session, in a browser or of the API");
own_id!(PasswordLinkId, "a link to a password, never the link itself");

/// The longest identifier a caller may choose, in characters.
pub const CALLER_ID_MAX_CHARS: usize = 64;

macro_rules! caller_id {
    ($name:ident, $field:literal, $what:literal) => {
        #[doc = concat!("The caller's own identifier of ", $what, ": `[A-Za-z0-9._-]{1,64}`.")]
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Reads an identifier; refused with `invalid_id`.
            pub fn parse(text: &str) -> Result<Self, FieldProblem> {
                if is_caller_id(text) {
                    return Ok(Self(text.to_owned()));
                }
                let message = "An id has 1 to 64 of the characters A-Z a-z 0-9 . _ and -.";
                Err(FieldProblem::new($field, "invalid_id", message))
            }

            /// The identifier's text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

caller_id!(GroupId, "group_id", "a group");
caller_id!(EntityId, "entity_id", "an entity");
caller_id!(UserId, "user_id", "a group user");

fn is_caller_id(text: &str) -> bool {
    (1..=CALLER_ID_MAX_CHARS).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
        // "." and ".." are rewritten by HTTP clients and proxies, and so could never be reached in a path.
        && !matches!(text, "." | "..")
}

/// The OAuth client id of an application: `gbc_` and 20 characters of base62.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientId(pub String);

/// A keyed digest (key id and HMAC-SHA-256, hex) of a random secret. Useless without the key, which is not in the database.
#[derive(Clone, Debug, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyedDigest(pub String);

impl PartialEq for KeyedDigest {
    /// Takes the same time wherever the two differ.
    fn eq(&self, other: &Self) -> bool {
        let (a, b) = (self.0.as_bytes(), other.0.as_bytes());
        a.len() == b.len() && a.iter().zip(b).fold(0, |differs, (x, y)| differs | (x ^ y)) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_groups_entities_and_users_are_the_callers_own() {
        for good in ["a", "Acme.Group_1-2", &"x".repeat(64)] {
            assert!(EntityId::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "a b", "ä", "a/b", "..", "a\"b", &"x".repeat(65)] {
            assert_eq!(EntityId::parse(bad).unwrap_err().code, "invalid_id", "{bad}");
        }
    }

    #[test]
    fn digests_compare_by_value() {
        assert_eq!(KeyedDigest("ab".into()), KeyedDigest("ab".into()));
        assert_ne!(KeyedDigest("ab".into()), KeyedDigest("aB".into()));
        assert_ne!(KeyedDigest("ab".into()), KeyedDigest("abc".into()));
    }
}
