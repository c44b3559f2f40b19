//! The tables of projections, created from their columns and indexes. Migrations have no part in them: a fold version that
//! counts up has its table made anew.

use gatebook_projections::projection::AnyProjection;
use gatebook_projections::sql::{Column, ColumnKind};

use super::database::{Dialect, Transaction};
use super::error::StoreError;

/// Creates one generation of a projection's table, with its indexes.
pub async fn create_projection(
    transaction: &mut dyn Transaction,
    projection: &AnyProjection,
    table: &str,
    generation: i64,
) -> Result<(), StoreError> {
    create_projection_table(transaction, projection, table).await?;
    for index in projection_indexes(transaction.dialect(), projection, table, generation) {
        transaction.script(&index).await?;
    }
    Ok(())
}

/// Creates one generation of a projection's table without indexes: building them on the full table is cheaper.
pub async fn create_projection_table(
    transaction: &mut dyn Transaction,
    projection: &AnyProjection,
    table: &str,
) -> Result<(), StoreError> {
    let order = create_table(transaction.dialect(), projection.columns, table);
    transaction.script(&order).await
}

/// Statements that create the indexes of one generation and, on PostgreSQL, analyze the full table for the planner.
/// Each may be repeated safely.
pub fn projection_indexes(dialect: Dialect, projection: &AnyProjection, table: &str, generation: i64) -> Vec<String> {
    let (indexes, analyze) = match dialect {
        Dialect::Sqlite => (projection.indexes.sqlite, None),
        Dialect::Postgres => (projection.indexes.postgres, Some(format!("analyze {table}"))),
    };
    let orders = indexes.split(';').map(str::trim).filter(|order| !order.is_empty());
    orders
        .map(|order| {
            order
                .replace("{table}", table)
                .replace("{generation}", &generation.to_string())
        })
        .chain(analyze)
        .collect()
}

/// The first column is the key.
fn create_table(dialect: Dialect, columns: &[Column], table: &str) -> String {
    let columns = columns.iter().enumerate().map(|(index, column)| {
        let null = if column.is_nullable { "" } else { " not null" };
        let key = if index == 0 { " primary key" } else { "" };
        format!("    {} {}{null}{key}", column.name, sql_type(dialect, column.kind))
    });
    format!("create table {table} (\n{}\n)", columns.collect::<Vec<_>>().join(",\n"))
}

/// Text is compared bytewise, so that both databases have one order.
fn sql_type(dialect: Dialect, kind: ColumnKind) -> &'static str {
    match (dialect, kind) {
        (Dialect::Sqlite, ColumnKind::Text | ColumnKind::Json) => "text",
        (Dialect::Sqlite, ColumnKind::Int) => "integer",
        (Dialect::Postgres, ColumnKind::Text) => "text collate \"C\"",
        (Dialect::Postgres, ColumnKind::Int) => "bigint",
        (Dialect::Postgres, ColumnKind::Json) => "json",
    }
}

#[cfg(test)]
mod tests {
    use gatebook_projections::sql::{int, json, text};

    use super::*;

    #[test]
    fn a_table_is_created_from_its_columns() {
        let columns = [
            text("thing_id"),
            Column::of::<Option<String>>("nickname"),
            json("details"),
            Column::of::<Option<i64>>("weight"),
            int("version"),
        ];
        assert_eq!(
            create_table(Dialect::Sqlite, &columns, "things"),
            "create table things (\n    thing_id text not null primary key,\n    nickname text,\n    \
             details text not null,\n    weight integer,\n    version integer not null\n)"
        );
        assert_eq!(
            create_table(Dialect::Postgres, &columns, "things_next"),
            "create table things_next (\n    thing_id text collate \"C\" not null primary key,\n    \
             nickname text collate \"C\",\n    details json not null,\n    weight bigint,\n    version bigint not null\n)"
        );
    }
}
