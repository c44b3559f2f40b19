//! What operators need of a running node, and what they do with the installation itself.

mod readiness;
mod system;

pub use readiness::Readiness;
pub use system::TokensEnded;
