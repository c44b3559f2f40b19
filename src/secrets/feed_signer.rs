//! Signs what gateways are told, so that they know it also when a message bus brings it. Every node signs with the same key,
//! because it is derived from the master key.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{Ed25519KeyPair, KeyPair};
use sha2::{Digest, Sha256};

use super::master_key::{KeyPurpose, MasterKey};

/// Signs with Ed25519 (RFC 8032).
pub struct FeedSigner {
    key: Ed25519KeyPair,
    public_key: FeedKey,
}

/// The public key of [`FeedSigner`], as a JSON Web Key has it (RFC 8037).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedKey {
    /// Its thumbprint (RFC 7638), which names it.
    pub key_id: String,
    /// Its 32 bytes in unpadded base64url.
    pub x: String,
}

impl FeedSigner {
    /// Uses the master key's sub-key for the feed.
    #[expect(
        clippy::expect_used,
        reason = "ring refuses seeds of another length than 32 bytes, and this has 32"
    )]
    pub fn new(master: &MasterKey) -> Self {
        let seed = master.sub_key(KeyPurpose::Feed);
        let key = Ed25519KeyPair::from_seed_unchecked(&seed).expect("32 bytes are a seed");
        let x = URL_SAFE_NO_PAD.encode(key.public_key().as_ref());
        let thumbprint = Sha256::digest(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#));
        let key_id = URL_SAFE_NO_PAD.encode(thumbprint);
        let public_key = FeedKey { key_id, x };
        Self { key, public_key }
    }

    /// The signature of these bytes, in unpadded base64url.
    pub fn sign(&self, signed: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(self.key.sign(signed))
    }

    /// What verifies the signatures.
    pub fn public_key(&self) -> &FeedKey {
        &self.public_key
    }
}

#[cfg(test)]
mod tests {
    use ring::signature::{ED25519, UnparsedPublicKey};

    use super::*;

    fn signer(key: u8) -> FeedSigner {
        FeedSigner::new(&MasterKey::from_bytes([key; 32]))
    }

    fn verifies(key: &FeedKey, signed: &[u8], signature: &str) -> bool {
        let [x, signature] = [&key.x, signature].map(|text| URL_SAFE_NO_PAD.decode(text).unwrap());
        UnparsedPublicKey::new(&ED25519, x).verify(signed, &signature).is_ok()
    }

    #[test]
    fn what_one_node_signs_every_node_with_the_same_key_vouches_for() {
        let signature = signer(1).sign(b"told");
        assert!(verifies(signer(1).public_key(), b"told", &signature));
        assert!(!verifies(signer(1).public_key(), b"told otherwise", &signature));
        assert!(!verifies(signer(2).public_key(), b"told", &signature));
        assert_ne!(signer(1).public_key().key_id, signer(2).public_key().key_id);
    }

    #[test]
    fn a_key_has_32_bytes_and_is_named_by_the_digest_of_itself() {
        let key = signer(1).public_key().clone();
        assert_eq!(key.x.len(), 43);
        assert_eq!(key.key_id.len(), 43);
    }
}
