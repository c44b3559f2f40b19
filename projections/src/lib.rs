//! Pure folds of facts into rows, and the tables that hold them. Nothing here decides, and nothing does I/O:
//! queries are texts with arguments, and rows are lists of values; the root crate carries them to a database.
//!
//! One folder per question, with fold, row and queries. To add one: its folder, and its line in [`registry`].

#[macro_use]
pub mod row;

pub mod app_list;
pub mod developers;
pub mod groups;
pub mod map_rows;
pub mod part_search;
pub mod portal_apps;
pub mod projection;
pub mod recorded;
pub mod registry;
pub mod revoked_tokens;
pub mod row_base;
pub mod row_write;
pub mod sql;
pub mod system;
pub mod token_gate;
