//! What operators need of a running node.

mod readiness;

pub use readiness::Readiness;
