//! Stored secrets: an HMAC-SHA-256 with a key that is not in the database. Random secrets need no slow hash. Passwords,
//! which people choose, are hashed elsewhere.
//!
//! A digest is 66 lower-case hexadecimal digits: key id 0 (2 digits), then the HMAC (64) of the kind's name, a NUL and the
//! secret.

use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::credential_kind::CredentialKind;
use super::key_id::{KEY_ID, UnknownKey};
use super::master_key::{KeyPurpose, MasterKey};

#[derive(Clone)]
pub struct Digests(Hmac<Sha256>);

impl Digests {
    /// Uses the master key's sub-key for digests.
    pub fn new(master: &MasterKey) -> Self {
        Self(master.mac(KeyPurpose::Digests))
    }

    /// The digest to store (R14, R23). For a one-time password, pass its canonical form.
    pub fn digest(&self, kind: CredentialKind, secret: &str) -> String {
        let mac = self.0.clone().chain_update(kind.digest_purpose());
        let mac = mac.chain_update([0]).chain_update(secret);
        format!("{KEY_ID:02x}{:x}", mac.finalize().into_bytes())
    }

    /// Whether `stored` is the digest of this secret. Compares in constant time.
    ///
    /// # Errors
    /// It was made with another key, so that nobody can tell.
    pub fn matches(&self, kind: CredentialKind, secret: &str, stored: &str) -> Result<bool, UnknownKey> {
        let digest = self.digest(kind, secret);
        if let Some(Ok(key_id)) = stored.get(..2).map(|digits| u8::from_str_radix(digits, 16)) {
            UnknownKey::unless_ours(key_id)?;
        }
        Ok(digest.as_bytes().ct_eq(stored.as_bytes()).into())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use strum::VariantArray;

    use super::*;

    fn digests(key: u8) -> Digests {
        Digests::new(&MasterKey::from_bytes([key; 32]))
    }

    #[test]
    fn a_secret_matches_its_own_digest_and_no_other() {
        let digests = digests(1);
        let stored = digests.digest(CredentialKind::OneTimePassword, "K7QM2F9D");
        let matches = |secret| digests.matches(CredentialKind::OneTimePassword, secret, &stored);
        assert_eq!(matches("K7QM2F9D"), Ok(true));
        assert_eq!(matches("K7QM2F9E"), Ok(false));
        assert_eq!(matches(""), Ok(false));
    }

    #[test]
    fn a_digest_that_is_cut_short_or_empty_matches_nothing() {
        let digests = digests(1);
        let stored = digests.digest(CredentialKind::DeveloperSession, "secret");
        for wrong in [&stored[..65], &stored[..1], &format!("{stored}0"), ""] {
            let matches = digests.matches(CredentialKind::DeveloperSession, "secret", wrong);
            assert_eq!(matches, Ok(false), "{wrong}");
        }
    }

    #[test]
    fn the_id_of_another_key_is_refused() {
        let stored = digests(1).digest(CredentialKind::UserToken, "secret");
        let others = format!("07{}", &stored[2..]);
        let error = digests(1)
            .matches(CredentialKind::UserToken, "secret", &others)
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "this was made with key 7, and this program has only key 0"
        );
    }

    #[test]
    fn a_digest_is_lower_case_hex_and_does_not_contain_the_secret() {
        let digest = digests(1).digest(CredentialKind::ClientSecret, "abc");
        assert_eq!(digest.len(), 66);
        assert!(digest.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')));
    }

    #[test]
    fn every_kind_and_every_key_has_digests_of_its_own() {
        let made: HashSet<String> = [digests(1), digests(2)]
            .iter()
            .flat_map(|digests| {
                CredentialKind::VARIANTS
                    .iter()
                    .map(|kind| digests.digest(*kind, "secret"))
            })
            .collect();
        assert_eq!(made.len(), 2 * CredentialKind::VARIANTS.len());
    }

    /// Computed once with Python's `hmac`. If this fails, no stored digest matches any more.
    #[test]
    fn a_digest_stays_the_same_for_ever() {
        assert_eq!(
            digests(1).digest(CredentialKind::OneTimePassword, "K7QM2F9D"),
            "004e84df835528e0012a73db7031f9c1fbfed280384643a103d5661cfa65134aef"
        );
    }
}
