//! Whether a node said it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{ED25519, UnparsedPublicKey};

use crate::error::GateError;
use crate::wire::{FeedAnswer, FeedKey};

/// The key that all nodes of an installation sign with.
pub struct Verifier(UnparsedPublicKey<[u8; 32]>);

impl Verifier {
    /// Reads the key.
    ///
    /// # Errors
    /// When it is none.
    pub fn new(key: &FeedKey) -> Result<Self, GateError> {
        let mut bytes = [0; 32];
        let length = URL_SAFE_NO_PAD
            .decode_slice(&key.x, &mut bytes)
            .map_err(GateError::Key)?;
        match length {
            32 => Ok(Self(UnparsedPublicKey::new(&ED25519, bytes))),
            _ => Err(GateError::Untrusted("its key is too short")),
        }
    }

    /// Whether the answer is signed with it.
    pub fn verifies(&self, answer: &FeedAnswer) -> bool {
        let signature = URL_SAFE_NO_PAD.decode(&answer.signature);
        signature.is_ok_and(|signature| self.0.verify(answer.signed().as_bytes(), &signature).is_ok())
    }
}
