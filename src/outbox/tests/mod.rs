//! E-mails from the writer's hands to the mailbox, and what happens when something fails on the way.

mod delivering;
mod failing;
mod operating;
mod world;
