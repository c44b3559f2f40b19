//! Who may ask the gate, and how it says that it cannot decide. None of this is a rule: what passes is R25's alone.

use clap::ValueEnum;

/// How `/gateway/authorize` behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GatewaySettings {
    /// Who may ask.
    pub auth: GatewayAuth,
    /// The answer while nothing can be decided.
    pub unavailable: GatewayUnavailable,
}

/// Who may ask `/gateway/authorize`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum GatewayAuth {
    /// Whoever reaches it.
    #[default]
    Off,
    /// A resource server that proves itself in `X-Gateway-Authorization`.
    Required,
}

/// The status of `/gateway/authorize` while nothing can be decided. Either way nothing passes (R26).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum GatewayUnavailable {
    /// 403, which every gateway understands.
    #[default]
    #[value(name = "403")]
    Forbidden,
    /// 503 with `Retry-After`, for gateways that pass it on.
    #[value(name = "503")]
    ServiceUnavailable,
}
