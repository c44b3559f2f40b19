//! How commands are run.

mod locks;
mod stop;
mod stopping;

pub(super) use locks::KeyedLocks;
