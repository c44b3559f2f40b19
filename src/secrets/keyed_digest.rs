//! Stored secrets: an HMAC-SHA-256 with a key that is not in the database. Random secrets need no slow hash. Passwords,
//! which people choose, are hashed elsewhere.

use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::credential_kind::CredentialKind;
use super::master_key::{KeyPurpose, MasterKey};

#[derive(Clone)]
pub struct Digests(Hmac<Sha256>);

impl Digests {
    /// Uses the master key's sub-key for digests.
    pub fn new(master: &MasterKey) -> Self {
        Self(master.mac(KeyPurpose::Digests))
    }

    /// The digest to store (R14, R23): 64 lower-case hexadecimal digits over the kind's name, a NUL and the secret.
    /// For a one-time password, pass its canonical form.
    pub fn digest(&self, kind: CredentialKind, secret: &str) -> String {
        let mac = self.0.clone().chain_update(kind.digest_purpose());
        let mac = mac.chain_update([0]).chain_update(secret);
        format!("{:x}", mac.finalize().into_bytes())
    }

    /// Whether `stored` is the digest of this secret. Compares in constant time.
    pub fn matches(&self, kind: CredentialKind, secret: &str, stored: &str) -> bool {
        let digest = self.digest(kind, secret);
        digest.as_bytes().ct_eq(stored.as_bytes()).into()
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
        assert!(digests.matches(CredentialKind::OneTimePassword, "K7QM2F9D", &stored));
        assert!(!digests.matches(CredentialKind::OneTimePassword, "K7QM2F9E", &stored));
        assert!(!digests.matches(CredentialKind::OneTimePassword, "", &stored));
    }

    #[test]
    fn a_digest_that_is_cut_short_or_empty_matches_nothing() {
        let digests = digests(1);
        let stored = digests.digest(CredentialKind::DeveloperSession, "secret");
        assert!(!digests.matches(CredentialKind::DeveloperSession, "secret", &stored[..63]));
        assert!(!digests.matches(CredentialKind::DeveloperSession, "secret", &(stored + "0")));
        assert!(!digests.matches(CredentialKind::DeveloperSession, "secret", ""));
    }

    #[test]
    fn a_digest_is_lower_case_hex_and_does_not_contain_the_secret() {
        let digest = digests(1).digest(CredentialKind::ClientSecret, "abc");
        assert_eq!(digest.len(), 64);
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
            "b59b5af27a0b87f9e6a75158d98b0262f43884e333aed559f38f5ea835b514bb"
        );
    }
}
