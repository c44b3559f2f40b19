//! Bad days: kills, hang-ups, races, a database that goes away, hands in the tables. After each of them either
//! everything of a command is there or nothing, and log and projections hold together.

mod clocks;
mod crash;
mod database_away;
mod database_messages;
mod dead_parts;
mod demo;
mod hang_ups;
pub mod installation;
pub mod integration;
mod key_file;
mod log_compare;
mod log_export;
mod looking_only;
mod lost_connections;
mod mail_servers;
mod older_program;
mod operator_tokens;
mod parallel;
mod pgbouncer;
mod postgres_roles;
mod quiet_road;
mod readiness;
mod searches;
mod settings;
mod sqlite_file;
mod standby;
mod tampered_log;
mod tampered_rows;
mod the_end;
mod tokens_ended;
mod two_nodes;
mod unguarded_log;
