//! Ids and secrets of applications and resource servers: a prefix by which leaked ones can be found, then random
//! characters. Secrets end with a checksum; ids, which are looked up anyway, do not.

use super::checksum::{is_random_with_checksum, random_with_checksum};
use super::randomness::Randomness;
use super::secret_string::SecretString;

const CLIENT_ID: &str = "gbc_";
const CLIENT_SECRET: &str = "gbs_";
const RESOURCE_SERVER_ID: &str = "gbr_";
const RESOURCE_SERVER_SECRET: &str = "gbrs_";

/// 20 base62 characters are 119 bits, so ids never repeat in practice.
const ID_CHARS: usize = 20;
const SHOWN_CHARS: usize = 8;

/// R23: a client secret: `gbs_`, 43 random characters (256 bits), 6 characters of checksum.
pub fn client_secret(randomness: &Randomness) -> SecretString {
    random_with_checksum(CLIENT_SECRET, randomness)
}

/// Whether the form and the checksum are right. Otherwise no look-up is needed.
pub fn is_client_secret(text: &str) -> bool {
    is_random_with_checksum(text, CLIENT_SECRET)
}

/// R23: the first 8 characters (`gbs_` and 4 more), which may be stored and shown later.
pub fn client_secret_prefix(secret: &SecretString) -> String {
    secret.reveal().chars().take(SHOWN_CHARS).collect()
}

/// R24: the public id of an application: `gbc_` and 20 random characters.
pub fn client_id(randomness: &Randomness) -> String {
    format!("{CLIENT_ID}{}", randomness.base62(ID_CHARS))
}

/// The public id of a resource server: `gbr_` and 20 random characters.
pub fn resource_server_id(randomness: &Randomness) -> String {
    format!("{RESOURCE_SERVER_ID}{}", randomness.base62(ID_CHARS))
}

/// The secret of a resource server: `gbrs_`, 43 random characters, 6 characters of checksum.
pub fn resource_server_secret(randomness: &Randomness) -> SecretString {
    random_with_checksum(RESOURCE_SERVER_SECRET, randomness)
}

/// Whether the form and the checksum are right.
pub fn is_resource_server_secret(text: &str) -> bool {
    is_random_with_checksum(text, RESOURCE_SERVER_SECRET)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_safe(text: &str) -> bool {
        text.bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
    }

    #[test]
    fn a_fresh_client_secret_is_recognised() {
        let secret = client_secret(&Randomness::seeded(1));
        assert!(is_client_secret(secret.reveal()));
        assert!(is_safe(secret.reveal()));
        assert_eq!(secret.reveal().len(), 4 + 43 + 6);
    }

    #[test]
    fn a_fresh_resource_server_secret_is_recognised() {
        let secret = resource_server_secret(&Randomness::seeded(1));
        assert!(is_resource_server_secret(secret.reveal()));
        assert!(is_safe(secret.reveal()));
        assert_eq!(secret.reveal().len(), 5 + 43 + 6);
    }

    #[test]
    fn one_kind_of_secret_is_not_taken_for_the_other() {
        let randomness = Randomness::seeded(1);
        assert!(!is_client_secret(resource_server_secret(&randomness).reveal()));
        assert!(!is_resource_server_secret(client_secret(&randomness).reveal()));
    }

    #[test]
    fn the_first_eight_characters_of_a_client_secret_may_be_shown() {
        let secret = client_secret(&Randomness::seeded(1));
        let shown = client_secret_prefix(&secret);
        assert_eq!(shown, secret.reveal()[..8]);
        assert!(shown.starts_with("gbs_"));
        assert!(!is_client_secret(&shown));
    }

    #[test]
    fn an_id_tells_what_it_is_the_id_of() {
        let randomness = Randomness::seeded(1);
        for (id, prefix) in [
            (client_id(&randomness), "gbc_"),
            (resource_server_id(&randomness), "gbr_"),
        ] {
            assert!(id.starts_with(prefix));
            assert!(is_safe(&id));
            assert_eq!(id.len(), 24);
        }
    }
}
