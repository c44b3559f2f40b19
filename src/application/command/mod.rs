//! How commands are run.

pub(super) mod account;
pub(super) mod admin_change;
pub(super) mod idempotency;
mod locks;
pub(super) mod run;
pub(super) mod section_versions;
mod stop;
pub(super) mod stopping;

pub use idempotency::IdempotencyKey;
pub use locks::KeyGuard;
pub(super) use locks::KeyedLocks;
pub use run::ChangeOptions;
pub use section_versions::{ExpectedVersion, Section, SectionVersions};
