//! Integration Applications: what admins and developers see of them and do with them.

mod mail_problem;
pub(super) mod search_slots;

pub use mail_problem::MailProblem;
