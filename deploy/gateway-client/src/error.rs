//! Why there is no answer.

use std::sync::Arc;

use thiserror::Error;

/// Why a check has no answer. Nothing may pass then.
#[derive(Clone, Debug, Error)]
pub enum GateError {
    /// No node could be reached, or it did not answer in time.
    #[error("the node cannot be reached")]
    Unreachable(#[source] Arc<reqwest::Error>),
    /// The node did not answer in time.
    #[error("the node did not answer in time")]
    Late,
    /// The node answered with another status than 200 or 204.
    #[error("the node answered {0}")]
    Refused(u16),
    /// What came was not signed by a node, or is about something else than what was asked.
    #[error("the feed is not to be trusted: {0}")]
    Untrusted(&'static str),
    /// The key of the feed is not an Ed25519 key in base64url.
    #[error("the key of the feed is no Ed25519 key")]
    Key(#[source] base64::DecodeSliceError),
    /// The task that follows the feed is gone.
    #[error("nobody follows the feed any more")]
    Gone,
}

impl From<reqwest::Error> for GateError {
    fn from(error: reqwest::Error) -> Self {
        match error.status() {
            Some(status) => Self::Refused(status.as_u16()),
            None => Self::Unreachable(Arc::new(error)),
        }
    }
}
