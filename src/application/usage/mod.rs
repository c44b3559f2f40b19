//! What applications were used for: who may read it, and the once-a-day event of it.

mod read;
mod record;

pub use read::{AppUsage, DAYS_SHOWN, UsageSoFar};
