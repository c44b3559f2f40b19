//! Integration Applications: what admins and developers see of them and do with them.

mod mail_problem;

pub use mail_problem::MailProblem;
