//! How the source is laid out: which room may use which, and whether what is written about it is complete.

mod commit;
mod rooms;
mod steps;
