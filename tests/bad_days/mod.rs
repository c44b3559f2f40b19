//! Bad days: kills, hang-ups, races, a database that goes away, hands in the tables. After each of them either
//! everything of a command is there or nothing, and log and projections hold together.

mod crash;
mod database_away;
mod dead_parts;
mod demo;
mod hang_ups;
mod installation;
mod log_export;
mod looking_only;
mod lost_connections;
mod metrics;
mod operator_tokens;
mod parallel;
mod pipes;
mod quiet_road;
mod request_lines;
mod rolling_restarts;
mod signals;
mod standard_error;
mod tampered_log;
mod tampered_rows;
mod the_end;
mod two_nodes;
