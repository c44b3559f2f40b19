//! Integration Applications: what admins and developers see of them and do with them.

mod limits;
mod mail_problem;
pub(super) mod read_slots;
pub(super) mod search_slots;
mod timeline_views;

pub use limits::{EmailLimits, Limits};
pub use mail_problem::MailProblem;
pub use read_slots::ReadSlot;
