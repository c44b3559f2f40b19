//! What operators need of a running node, and what they do with the installation itself.

mod downloads;
mod draining;
mod measurements;
mod quarantine;
mod readiness;
mod refusal_counter;
mod refusals;
pub(super) mod refused;
mod system;
mod unreadable;

pub use draining::Draining;
pub use measurements::Measurements;
pub use quarantine::QuarantineError;
pub use readiness::Readiness;
pub use refusal_counter::Refusals;
pub use system::TokensEnded;
pub(super) use system::require_operator;
pub use unreadable::UnreadableWatch;
