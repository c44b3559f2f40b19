//! What the store promises, on both databases: one gap-free order, all of an append or nothing, and the same bytes.

mod append_only;
mod appends;
mod attention;
mod fold_versions;
mod housekeeping;
mod list_plans;
mod list_queries;
mod locked_decisions;
mod many_rows;
mod map_rows;
mod noted;
mod same_bytes;
mod stock_repository;
mod troubles;
mod two_writers;
mod users_of_an_address;
mod withdrawn_emails;
