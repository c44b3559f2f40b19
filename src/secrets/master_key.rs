//! The master key and the sub-keys derived from it. It is never in the database.

use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// 32 random bytes from which all other keys are derived. All nodes on one database share it.
pub struct MasterKey([u8; 32]);

impl MasterKey {
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Identifies the key without revealing it: 64 lower-case hexadecimal digits. It is stored in the database, so that
    /// a node with another key refuses to start.
    pub fn fingerprint(&self) -> String {
        format!("{:x}", self.mac(KeyPurpose::Fingerprint).finalize().into_bytes())
    }

    /// The sub-key for one purpose: HKDF-SHA-256 (RFC 5869) without a salt, with the purpose's label as info.
    #[expect(clippy::expect_used, reason = "HKDF refuses more than 8,160 bytes, and these are 32")]
    pub(super) fn sub_key(&self, purpose: KeyPurpose) -> [u8; 32] {
        let mut key = [0; 32];
        Hkdf::<Sha256>::new(None, &self.0)
            .expand(purpose.label(), &mut key)
            .expect("32 bytes are not too many");
        key
    }

    /// HMAC-SHA-256 with the sub-key for one purpose. Cloning it is cheaper than creating it again.
    pub(super) fn mac(&self, purpose: KeyPurpose) -> Hmac<Sha256> {
        keyed(&self.sub_key(purpose))
    }
}

/// The purpose of a sub-key. Separate keys ensure that an output for one purpose says nothing about another.
#[derive(Clone, Copy)]
pub(super) enum KeyPurpose {
    /// Keyed digests of secrets.
    Digests,
    Tokens,
    /// Sealing secrets that must be shown again.
    Sealing,
    /// The key's fingerprint.
    Fingerprint,
    /// Signing what gateways are told.
    Feed,
}

impl KeyPurpose {
    /// Never change a label: everything stored with the key would be lost.
    fn label(self) -> &'static [u8] {
        match self {
            Self::Digests => b"gatebook digests v1",
            Self::Tokens => b"gatebook access tokens v1",
            Self::Sealing => b"gatebook sealing v1",
            Self::Fingerprint => b"gatebook fingerprint v1",
            Self::Feed => b"gatebook feed signing v1",
        }
    }
}

/// HMAC pads a key with zeros to its 64-byte block anyway. Doing it here means that creating the HMAC cannot fail.
fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    let mut block = [0; 64];
    block[..32].copy_from_slice(key);
    Mac::new(&block.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_purpose_and_every_key_has_a_sub_key_of_its_own() {
        let mut keys = std::collections::HashSet::new();
        for master in [[1; 32], [2; 32]].map(MasterKey::from_bytes) {
            for purpose in [
                KeyPurpose::Digests,
                KeyPurpose::Tokens,
                KeyPurpose::Sealing,
                KeyPurpose::Fingerprint,
                KeyPurpose::Feed,
            ] {
                keys.insert(master.sub_key(purpose));
            }
        }
        assert_eq!(keys.len(), 10);
    }

    #[test]
    fn a_sub_key_is_what_rfc_5869_says_it_is() {
        let mac = |key: &[u8], message: &[u8]| {
            let mac = <Hmac<Sha256> as Mac>::new_from_slice(key).unwrap();
            mac.chain_update(message).finalize().into_bytes()
        };
        let extracted = mac(&[0; 32], &[9; 32]);
        let expected: [u8; 32] = mac(&extracted, b"gatebook digests v1\x01").into();
        assert_eq!(MasterKey::from_bytes([9; 32]).sub_key(KeyPurpose::Digests), expected);
    }
}
