//! Integration Applications: what admins see of them and do with them.

pub(super) mod change;
pub(super) mod client_secrets;
pub(super) mod create_edit;
pub(super) mod emails;
pub(super) mod invite;
mod limits;
mod mail_problem;
pub(super) mod read_slots;
pub(super) mod search_slots;
pub(super) mod secret_emails;
mod timeline_views;
pub(super) mod verification;
pub(super) mod view;

pub use client_secrets::{ClientSecretMade, ClientSecretOrder};
pub use create_edit::{AiqIntegrateForm, Creation, NewIntegrationForm};
pub use limits::{EmailLimits, Limits};
pub use mail_problem::MailProblem;
pub use read_slots::ReadSlot;
pub use verification::Verification;
pub use view::AppView;
