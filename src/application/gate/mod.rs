//! The gate: access tokens, what they open, and how they are revoked.

mod asked_by;
pub(super) mod check;
mod count;
mod feed;
mod reported;
mod revoke;

pub use asked_by::AskedBy;
pub use check::{AuthenticatedClient, Basis, GateAnswer, GateQuestion, Introspection, IssuedAccessToken};
pub use feed::{FeedAnswer, FeedQuestion};
pub use reported::ReportedChecks;
