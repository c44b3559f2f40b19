//! What an installation decides about the gate.

mod settings;

pub use settings::{GatewayAuth, GatewaySettings, GatewayUnavailable};
