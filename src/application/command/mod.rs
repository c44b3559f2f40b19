//! How commands are run: read what a command depends on, decide, and commit the events with their consequences.

mod budgets;
pub(super) mod consequences;
pub(super) mod idempotency;
pub(super) mod invite;
pub(super) mod preconditions;
pub(super) mod request;
pub(super) mod retry;
pub(super) mod run_account;
pub(super) mod run_app;
mod run_group;
mod run_system;
pub(super) mod section_versions;
mod stop;
mod stopping;
pub(super) mod verification;

pub use section_versions::{ExpectedVersion, Section, SectionVersions};
pub use verification::Verification;
