//! The Developer Portal: what a developer sees and does.

mod details;
mod sign_up;

pub use details::{AppDetails, PortalEntity, PortalHome};
pub use sign_up::{OpenInvitation, SignUpForm};
