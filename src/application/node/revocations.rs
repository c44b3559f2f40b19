//! The revocations of tokens (RFC 7009) that are in progress.

use crate::throttle::InWork;

/// How many revocations of one integration are in progress at once; further ones are refused. Enough for a program that ends
/// many tokens in parallel, and few beside the connections of a node.
const IN_WORK_MAX: usize = 32;

/// The revocations in work. An integration that floods the endpoint takes its own places, and nobody else's.
pub(in crate::application) struct Revocations {
    /// By the credentials as they were sent, before anything is parsed: whoever does not have them takes no place of those
    /// who do.
    pub(in crate::application) by_credentials: InWork,
    /// By application, when it is known: the same credentials can be spelled in many ways.
    pub(in crate::application) by_app: InWork,
}

impl Default for Revocations {
    fn default() -> Self {
        Self {
            by_credentials: InWork::new(IN_WORK_MAX),
            by_app: InWork::new(IN_WORK_MAX),
        }
    }
}
