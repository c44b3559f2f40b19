//! How commands are run.

mod locks;
mod stop;
mod stopping;

pub use locks::KeyGuard;
pub(super) use locks::KeyedLocks;
