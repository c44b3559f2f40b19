//! Integration Applications: what admins see of them and do with them.

pub(super) mod change;
pub(super) mod client_secrets;
pub(super) mod create_edit;
mod mail_problem;
mod of_any_group;
mod secret_history;
mod timeline_views;
pub(super) mod view;

pub use client_secrets::{ClientSecretMade, ClientSecretOrder, IssuedClientSecret, SecretTerms, live_secrets};
pub use create_edit::{AiqIntegrateForm, Creation, NewIntegrationForm, StatusChange};
pub use mail_problem::MailProblem;
pub use of_any_group::StatusChanged;
pub use secret_history::{KnownSecret, SecretEnd, SecretHistory};
pub use view::AppView;
