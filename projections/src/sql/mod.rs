//! The few kinds of values that tables hold, and questions as text with arguments.
//!
//! Text and whole numbers are the same on SQLite and PostgreSQL, sort the same (times are text in UTC, columns are
//! compared bytewise) and hash the same; that is why there is nothing else.

mod column;
mod column_value;
mod map_table;
mod query;
mod row_reader;
mod value;

pub use column::{Column, int, json, select_list, text};
pub use column_value::ColumnValue;
pub use map_table::{MAP_KEYS, MapTable, Selected};
pub use query::{Query, contains_pattern};
pub use row_reader::{RowError, RowReader};
pub use value::{ColumnKind, Value};
