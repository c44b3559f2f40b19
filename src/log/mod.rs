//! The log: how events get in, one gap-free position after the other, and how they are read.

pub mod append;
mod batch;
mod batch_writes;
mod clock_guard;
mod context;
mod credential_state;
pub mod email_quotas;
mod error;
mod event_store;
mod fault;
pub mod fold_versions;
mod group_room;
pub mod hash_chain;
mod loaded;
mod locked;
mod preconditions;
pub mod quarantine;
pub mod read;
mod read_back;
pub mod readable;
mod rehearsal;
mod stored_aggregate;
pub mod unreadable;
mod version_condition;
mod writer;

pub use clock_guard::{ClockGuard, accept_clock};
pub use context::{AuditedRead, CommandContext, IdempotentRequest, Origin, SideEffects, SideEffectsOf};
pub use error::CommandError;
pub use event_store::{Committed, Log};
pub use loaded::Loaded;
pub use locked::LockedDecision;
pub use rehearsal::rehearse;
pub use stored_aggregate::{About, StoredAggregate};
pub use version_condition::VersionCondition;
pub use writer::{Writer, WriterTask};
