//! What operators need of a running node, and what they do with the installation itself.

mod downloads;
mod draining;
mod housekeeping;
pub(super) mod last_used;
mod log_downloads;
mod measurements;
mod quarantine;
mod readiness;
mod refusal_counter;
mod refusals;
pub(super) mod refused;
pub(super) mod replay_job;
mod system;
mod unreadable;

pub use draining::Draining;
pub use last_used::LastUses;
pub use log_downloads::RecordedDownload;
pub use measurements::Measurements;
pub use quarantine::QuarantineError;
pub use readiness::Readiness;
pub use refusal_counter::Refusals;
pub use replay_job::{Replay, ReplayJob};
pub use system::TokensEnded;
pub use unreadable::UnreadableWatch;
