//! The `Idempotency-Key` of a request.

use sha2::{Digest, Sha256};

use crate::log::IdempotentRequest;

/// A key that a caller chose, with the request it came with.
#[derive(Clone, Debug)]
pub struct IdempotencyKey(pub(super) IdempotentRequest);

impl IdempotencyKey {
    /// The key of somebody, for a request with this method, path and body.
    pub fn new(who: &str, key: &str, method: &str, path: &str, body: &[u8]) -> Self {
        let mut request = Sha256::new();
        for part in [method.as_bytes(), path.as_bytes(), body] {
            request.update((part.len() as u64).to_be_bytes());
            request.update(part);
        }
        let key = hex::encode(Sha256::digest(format!("{who}\n{key}")));
        Self(IdempotentRequest {
            key,
            request_hash: hex::encode(request.finalize()),
        })
    }

    pub(in crate::application) fn request(&self) -> IdempotentRequest {
        self.0.clone()
    }

    pub(in crate::application) fn key(&self) -> &str {
        &self.0.key
    }
}
