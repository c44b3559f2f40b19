//! The gate: access tokens, what they open, and how they are revoked.

pub(super) mod check;
mod count;
mod feed;
mod reported;
mod revoke;

pub use check::{AuthenticatedClient, Basis, GateAnswer, GateQuestion, Introspection, IssuedAccessToken};
pub use count::AskedBy;
pub use feed::{FeedAnswer, FeedQuestion};
pub use reported::ReportedChecks;
