//! What applications are used for: checks and tokens, counted in memory and written every few seconds, and the last refusals.
//!
//! Nothing here decides anything, and no event is folded from it or into it; once a day the totals become an event of the log
//! (`src/application/usage/record.rs`). A crash loses what was counted since the last write, [`WRITTEN_WITHIN`] at most.

mod batch;
mod checks;
mod counter;
mod hour;
mod read;
mod recorded_calls;
mod refusals;
mod write;

use std::time::Duration;

use chrono::TimeDelta;

pub use batch::Batch;
pub use counter::{CheckCounted, UsageCounter};
pub use hour::{Day, Hour};
pub use read::{
    Bucket, EntityUsage, ReadPeriod, Steps, by_entity, group_day, last_used, of_all, of_app, of_apps_by_day, refusals,
    rows_of_group_day, unrecorded, without_names_of_others,
};
pub use recorded_calls::{FirstDays, first_days, last_used_before, recorded_calls};
pub use refusals::Refusal;
pub use write::{forget_hours, forget_unrecorded, write};

/// How long a count stays in memory at most, while the database is there.
pub const WRITTEN_WITHIN: Duration = Duration::from_secs(5);
/// How long hours are kept. Days are kept for ever.
pub const HOURS_KEPT_FOR: TimeDelta = TimeDelta::days(90);
/// How many refusals of an application are kept.
pub const REFUSALS_KEPT: usize = 100;
/// How long after a day's end counts are still written for that day. Whatever is written later counts for the day on which
/// it is written, so that a day that the log holds does not change.
pub const DAY_CLOSES_AFTER: TimeDelta = TimeDelta::minutes(5);
/// How long after a day's end its usage is recorded in the log: longer, since clocks of nodes differ.
pub const DAY_RECORDED_AFTER: TimeDelta = TimeDelta::minutes(10);

/// What the table of counts calls checks that passed: the gate's own word.
pub const ALLOWED: &str = "ok";
/// What the table of counts calls access tokens that were issued.
pub const TOKENS_ISSUED: &str = "tokens_issued";
/// What the table of counts calls requests for access tokens that were refused.
pub const TOKENS_REFUSED: &str = "tokens_refused";
