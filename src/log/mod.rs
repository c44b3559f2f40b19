//! The log: how events get in, one gap-free position after the other, and how they are read.

pub mod append;
mod batch;
mod clock_guard;
mod credential_state;
pub mod email_quotas;
mod error;
mod event_store;
mod fault;
pub mod fold_versions;
mod group_room;
pub mod hash_chain;
mod intent;
mod loaded;
mod locked;
mod logged;
mod pieces;
mod pinned;
mod premises;
pub mod quarantine;
pub mod read;
mod read_back;
pub mod readable;
mod rehearsal;
pub mod unreadable;
mod writer;

pub use clock_guard::{ClockGuard, accept_clock};
pub use error::CommandError;
pub use event_store::{Done, Log};
pub use intent::{Extras, ExtrasOf, IdempotencyIntent, Intent, Look, Origin};
pub use loaded::Loaded;
pub use locked::LockedDecision;
pub use logged::{About, Logged};
pub use pinned::Pinned;
pub use rehearsal::rehearse;
pub use writer::{Writer, WriterTask};
