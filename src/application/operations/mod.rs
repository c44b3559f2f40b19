//! What operators need of a running node, and what they do with the installation itself.

mod downloads;
mod draining;
mod measurements;
mod readiness;
pub(super) mod refusals;
mod system;

pub use draining::Draining;
pub use measurements::Measurements;
pub use readiness::Readiness;
pub use refusals::Refusals;
pub use system::TokensEnded;
