//! Statements that do several things in one round trip: any number of rows of any number of tables, with one array for each
//! column; and a transaction that begins with a question.

use futures::TryStreamExt;
use gatebook_projections::sql::{Column, ColumnKind, Query, Value};
use sqlx::postgres::{PgArguments, PgColumn, PgConnection, PgRow};
use sqlx::query::Query as SqlxQuery;
use sqlx::{Column as _, Either, Executor, Postgres, Row, Type, TypeInfo, ValueRef};

use super::database::{Delete, Insert, OnConflict, on_conflict_clause};
use super::error::StoreError;

/// One statement for any number of rows. Its arguments come after so many others.
pub(super) fn insert_sql(table: &str, columns: &[Column], on_conflict: OnConflict, after: usize) -> String {
    let names: Vec<_> = columns.iter().map(|column| column.name).collect();
    let values = columns.iter().map(|column| match column.kind {
        ColumnKind::Json => format!("r.{}::json", column.name),
        ColumnKind::Text | ColumnKind::Int => format!("r.{}", column.name),
    });
    format!(
        "insert into {table} ({names}) select {values} from unnest({lists}) as r({names}){conflict}",
        names = names.join(", "),
        values = values.collect::<Vec<_>>().join(", "),
        lists = lists(columns, after),
        conflict = on_conflict_clause(table, columns, on_conflict),
    )
}

/// One statement that deletes any number of rows by their keys. Its arguments come after so many others.
pub(super) fn delete_sql(table: &str, keys: &[Column], after: usize) -> String {
    let names: Vec<_> = keys.iter().map(|column| column.name).collect();
    let same: Vec<_> = names.iter().map(|name| format!("{table}.{name} = r.{name}")).collect();
    format!(
        "delete from {table} using unnest({lists}) as r({names}) where {same}",
        lists = lists(keys, after),
        names = names.join(", "),
        same = same.join(" and "),
    )
}

/// An array for each column, as arguments after so many others.
fn lists(columns: &[Column], after: usize) -> String {
    let lists = (after + 1..).zip(columns).map(|(number, column)| match column.kind {
        ColumnKind::Int => format!("${number}::bigint[]"),
        ColumnKind::Text | ColumnKind::Json => format!("${number}::text[]"),
    });
    lists.collect::<Vec<_>>().join(", ")
}

/// The rows as the arguments of [`insert_sql`] or [`delete_sql`].
pub(super) fn with_rows<'q>(
    query: SqlxQuery<'q, Postgres, PgArguments>,
    columns: &[Column],
    rows: &'q [Vec<Value>],
) -> SqlxQuery<'q, Postgres, PgArguments> {
    columns.iter().enumerate().fold(query, |query, (index, column)| {
        let values = rows.iter().map(|row| row.get(index).unwrap_or(&Value::Null));
        match column.kind {
            ColumnKind::Int => query.bind(values.map(as_int).collect::<Vec<_>>()),
            ColumnKind::Text | ColumnKind::Json => query.bind(values.map(as_text).collect::<Vec<_>>()),
        }
    })
}

/// One statement that deletes and inserts all of these and then does something else, whose arguments come first. Its parts see
/// the same state and none of what the others write, which none of them reads.
pub(super) fn all_in_one(deletes: &[Delete], inserts: &[Insert], then: &Query) -> String {
    let mut after = then.args.len();
    let mut parts = Vec::with_capacity(deletes.len() + inserts.len());
    for delete in deletes {
        parts.push(delete_sql(delete.table, delete.keys, after));
        after += delete.keys.len();
    }
    for insert in inserts {
        parts.push(insert_sql(insert.table, insert.columns, insert.on_conflict, after));
        after += insert.columns.len();
    }
    let parts = parts
        .iter()
        .enumerate()
        .map(|(number, sql)| format!("w{number} as ({sql})"));
    let parts: Vec<_> = parts.collect();
    match parts.is_empty() {
        true => then.sql.clone(),
        false => format!("with {} {}", parts.join(", "), then.sql),
    }
}

/// Runs SQL without arguments, and tells what its last statement answered.
pub(super) async fn last_answer(sql: &str, connection: &mut PgConnection) -> Result<Vec<Vec<Value>>, StoreError> {
    let mut answers = connection.fetch_many(sqlx::raw_sql(sql));
    let (mut rows, mut last) = (RowValues::default(), RowValues::default());
    while let Some(next) = answers.try_next().await? {
        match next {
            Either::Right(row) => rows.push(&row)?,
            Either::Left(_) => last = std::mem::take(&mut rows),
        }
    }
    Ok(last.rows)
}

fn as_int(value: &Value) -> Option<i64> {
    match value {
        Value::Int(number) => Some(*number),
        Value::Null | Value::Text(_) => None,
    }
}

fn as_text(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) => Some(text),
        Value::Null | Value::Int(_) => None,
    }
}

/// The values of the rows of one answer.
#[derive(Default)]
pub(super) struct RowValues {
    pub(super) rows: Vec<Vec<Value>>,
    columns: Vec<Holds>,
}

impl RowValues {
    /// Takes the next row.
    ///
    /// # Errors
    /// It holds something else than numbers and texts.
    pub(super) fn push(&mut self, row: &PgRow) -> Result<(), StoreError> {
        if self.columns.is_empty() {
            self.columns = row.columns().iter().map(Holds::of).collect();
        }
        self.rows.push(read_values(row, &self.columns)?);
        Ok(())
    }
}

/// What a column of an answer holds, so that its type is not compared again for each value.
#[derive(Clone, Copy)]
enum Holds {
    Ints,
    Texts,
    /// What cannot be read, unless it is null.
    Other,
}

impl Holds {
    fn of(column: &PgColumn) -> Self {
        let type_info = column.type_info();
        match type_info.name() {
            "INT8" => Self::Ints,
            _ if <String as Type<Postgres>>::compatible(type_info) => Self::Texts,
            _ => Self::Other,
        }
    }
}

fn read_values(row: &PgRow, holds: &[Holds]) -> Result<Vec<Value>, StoreError> {
    let columns = holds.iter().enumerate();
    columns
        .map(|(index, holds)| {
            let is_null = row.try_get_raw(index)?.is_null();
            Ok(match holds {
                _ if is_null => Value::Null,
                Holds::Ints => Value::Int(row.try_get_unchecked(index)?),
                Holds::Texts => Value::Text(row.try_get_unchecked(index)?),
                Holds::Other => Value::Text(row.try_get(index)?),
            })
        })
        .collect()
}

/// Runs SQL without arguments.
pub(super) async fn order(sql: &str, connection: &mut PgConnection) -> Result<(), StoreError> {
    connection.execute(sqlx::raw_sql(sql)).await?;
    Ok(())
}

/// Runs a statement, and tells how many rows it changed.
pub(super) async fn carry_out(
    order: SqlxQuery<'_, Postgres, PgArguments>,
    connection: &mut PgConnection,
) -> Result<u64, StoreError> {
    Ok(order.execute(connection).await?.rows_affected())
}

/// The rows that a query answers with.
pub(super) async fn fetch<'e, E>(executor: E, query: &'e Query) -> Result<Vec<Vec<Value>>, StoreError>
where
    E: Executor<'e, Database = Postgres>,
{
    let mut rows = bound(query).fetch(executor);
    let mut values = RowValues::default();
    while let Some(row) = rows.try_next().await? {
        values.push(&row)?;
    }
    Ok(values.rows)
}

/// The query with its arguments.
pub(super) fn bound(query: &Query) -> SqlxQuery<'_, Postgres, PgArguments> {
    // An unnamed statement is planned for its arguments each time.
    let is_prepared = !query.is_planned_for_its_arguments;
    query.args.iter().fold(
        sqlx::query(&query.sql).persistent(is_prepared),
        |query, value| match value {
            Value::Null => query.bind(None::<&str>),
            Value::Int(number) => query.bind(*number),
            Value::Text(text) => query.bind(text.as_str()),
        },
    )
}
