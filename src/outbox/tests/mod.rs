//! Tests the way of e-mails from the writer to the mailbox, and failures on the way.

mod delivering;
mod failing;
mod operating;
mod world;
