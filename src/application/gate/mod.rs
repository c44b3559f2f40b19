//! The gate: access tokens, what they open, and how they are revoked.

pub(super) mod check;
mod feed;
mod reported;
mod revoke;

pub use check::{Basis, GateAnswer, GateQuestion, Introspection, IssuedAccessToken};
pub use feed::{FeedAnswer, FeedQuestion};
pub use reported::ReportedChecks;
