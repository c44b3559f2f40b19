//! The gate: access tokens, what they open, and how they are revoked.

pub(super) mod check;
mod revoke;

pub use check::{GateAnswer, GateQuestion, Introspection, IssuedAccessToken};
