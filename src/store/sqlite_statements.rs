//! Statements for SQLite, and the values of what they answer.

use gatebook_projections::sql::{Column, Query, Value};
use sqlx::query::Query as SqlxQuery;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Executor, Row, Sqlite, TypeInfo, ValueRef};

use super::database::{OnConflict, on_conflict_clause};
use super::error::StoreError;

/// Inserts so many rows.
pub(super) fn insert_sql(table: &str, columns: &[Column], on_conflict: OnConflict, rows: usize) -> String {
    let names: Vec<_> = columns.iter().map(|column| column.name).collect();
    format!(
        "insert into {table} ({}) values {}{}",
        names.join(", "),
        placeholders(columns.len(), rows),
        on_conflict_clause(table, columns, on_conflict)
    )
}

/// Deletes so many rows by their keys.
pub(super) fn delete_sql(table: &str, keys: &[Column], rows: usize) -> String {
    let names: Vec<_> = keys.iter().map(|column| column.name).collect();
    format!(
        "delete from {table} where ({}) in (values {})",
        names.join(", "),
        placeholders(keys.len(), rows)
    )
}

/// For the values of so many rows.
fn placeholders(columns: usize, rows: usize) -> String {
    let row = format!("({})", vec!["?"; columns].join(", "));
    vec![row; rows].join(", ")
}

/// The rows that a query answers with.
pub(super) async fn fetch<'e, E>(executor: E, query: &'e Query) -> Result<Vec<Vec<Value>>, StoreError>
where
    E: Executor<'e, Database = Sqlite>,
{
    let rows = of(query).fetch_all(executor).await?;
    rows.iter().map(values).collect()
}

pub(super) type SqliteQuery<'q> = SqlxQuery<'q, Sqlite, SqliteArguments<'q>>;

/// The query with its arguments.
pub(super) fn of(query: &Query) -> SqliteQuery<'_> {
    query.args.iter().fold(sqlx::query(&query.sql), bind)
}

/// With one argument more.
pub(super) fn bind<'q>(query: SqliteQuery<'q>, value: &'q Value) -> SqliteQuery<'q> {
    match value {
        Value::Null => query.bind(None::<&str>),
        Value::Int(number) => query.bind(*number),
        Value::Text(text) => query.bind(text.as_str()),
    }
}

fn values(row: &SqliteRow) -> Result<Vec<Value>, StoreError> {
    (0..row.len())
        .map(|index| {
            let raw = row.try_get_raw(index)?;
            if raw.is_null() {
                return Ok(Value::Null);
            }
            match raw.type_info().name() {
                "INTEGER" => Ok(Value::Int(row.try_get(index)?)),
                _ => Ok(Value::Text(row.try_get_unchecked(index)?)),
            }
        })
        .collect()
}
