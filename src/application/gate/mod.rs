//! What an installation decides about the gate, and how access tokens are revoked.

mod revoke;
mod settings;

pub(super) use revoke::Revocations;
pub use settings::{GatewayAuth, GatewaySettings, GatewayUnavailable};
