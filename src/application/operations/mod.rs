//! What operators need of a running node, and what they do with the installation itself.

mod downloads;
mod draining;
mod housekeeping;
mod log_downloads;
mod measurements;
mod quarantine;
mod refusals;
pub(super) mod replay_job;
mod system;
mod unreadable;

pub use log_downloads::RecordedDownload;
pub use quarantine::QuarantineError;
pub use system::TokensEnded;
