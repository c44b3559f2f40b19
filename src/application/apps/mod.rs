//! Integration Applications: what admins and developers see of them and do with them.

mod mail_problem;
pub(super) mod search_slots;
mod timeline_views;

pub use mail_problem::MailProblem;
