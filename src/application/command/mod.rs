//! How commands are run: read what a command depends on, decide, and commit the events with their consequences.

mod budgets;
pub(super) mod consequences;
pub(super) mod idempotency;
mod locks;
pub(super) mod preconditions;
pub(super) mod request;
pub(super) mod retry;
pub(super) mod run_account;
pub(super) mod run_app;
pub(super) mod run_group;
pub(super) mod run_system;
pub(super) mod section_versions;
mod stop;
mod stopping;

pub use idempotency::IdempotencyKey;
pub use locks::KeyGuard;
pub(super) use locks::KeyedLocks;
pub use section_versions::{ExpectedVersion, Section, SectionVersions};
