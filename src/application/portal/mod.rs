//! The Developer Portal: what a developer sees and does.

pub(super) mod details;
pub(super) mod sign_up;

pub use details::{AppDetails, IssuedClientSecret, PortalEntity, PortalHome, live_secrets};
pub use sign_up::{OpenInvitation, SignUpForm};
