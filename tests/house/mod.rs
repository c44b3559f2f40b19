//! How the source is laid out: which room may use which.

mod rooms;
