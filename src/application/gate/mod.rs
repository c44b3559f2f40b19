//! The gate: access tokens, what they open, and how they are revoked.

pub(super) mod check;
pub(super) mod reads;
mod revoke;
mod settings;
pub(super) mod shared_reads;

pub use check::{GateAnswer, GateQuestion, Introspection, IssuedAccessToken};
pub(super) use revoke::Revocations;
pub use settings::{GatewayAuth, GatewaySettings, GatewayUnavailable};
