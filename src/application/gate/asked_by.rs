//! Where the gate's questions come from.

use std::fmt::Display;

/// Where a question comes from.
#[derive(Clone, Copy)]
pub struct AskedBy<'a> {
    /// The id of its request.
    pub request_id: &'a str,
    /// The resource server that asks, or the address that the request came from.
    pub gateway: &'a (dyn Display + Sync),
}
