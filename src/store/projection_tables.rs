//! The tables of projections, created from their columns and indexes. Migrations have no part in them: a fold version that
//! counts up has its table made anew.

use gatebook_projections::projection::AnyProjection;
use gatebook_projections::sql::{Column, ColumnKind, MapTable};

use super::database::{Dialect, Transaction};
use super::error::StoreError;

/// Creates one generation of a projection's tables, with their indexes. They are called as the projection's own, with `suffix`.
pub async fn create_projection(
    transaction: &mut dyn Transaction,
    projection: &AnyProjection,
    suffix: &str,
    generation: i64,
) -> Result<(), StoreError> {
    create_projection_tables(transaction, projection, suffix).await?;
    for index in projection_indexes(transaction.dialect(), projection, suffix, generation) {
        transaction.script(&index).await?;
    }
    Ok(())
}

/// Creates one generation of a projection's tables without indexes: building them on full tables is cheaper.
pub async fn create_projection_tables(
    transaction: &mut dyn Transaction,
    projection: &AnyProjection,
    suffix: &str,
) -> Result<(), StoreError> {
    let dialect = transaction.dialect();
    let order = create_table(dialect, projection.columns, &format!("{}{suffix}", projection.name));
    transaction.script(&order).await?;
    for map in projection.maps {
        let order = create_map_table(dialect, map, &format!("{}{suffix}", map.name));
        transaction.script(&order).await?;
    }
    Ok(())
}

/// Statements that create the indexes of one generation and, on PostgreSQL, analyze the full tables for the planner.
/// Each may be repeated safely.
pub fn projection_indexes(dialect: Dialect, projection: &AnyProjection, suffix: &str, generation: i64) -> Vec<String> {
    let analyze = |table| format!("analyze {table}{suffix}");
    let (indexes, analyze): (_, Vec<_>) = match dialect {
        Dialect::Sqlite => (projection.indexes.sqlite, Vec::new()),
        Dialect::Postgres => (projection.indexes.postgres, projection.tables().map(analyze).collect()),
    };
    let orders = indexes.split(';').map(str::trim).filter(|order| !order.is_empty());
    let named = projection.maps.iter().map(|map| (map.name, map.name));
    let named: Vec<_> = std::iter::once(("table", projection.name)).chain(named).collect();
    orders
        .map(|order| {
            let order = order.replace("{generation}", &generation.to_string());
            named.iter().fold(order, |order, (name, table)| {
                order.replace(&format!("{{{name}}}"), &format!("{table}{suffix}"))
            })
        })
        .chain(analyze)
        .collect()
}

/// The first column is the key.
fn create_table(dialect: Dialect, columns: &[Column], table: &str) -> String {
    let columns = columns.iter().enumerate().map(|(index, column)| {
        let key = if index == 0 { " primary key" } else { "" };
        format!("    {}{key}", defined(dialect, column))
    });
    format!("create table {table} (\n{}\n)", columns.collect::<Vec<_>>().join(",\n"))
}

/// The first two columns are the key, and the rows of one map lie beside each other.
fn create_map_table(dialect: Dialect, map: &MapTable, table: &str) -> String {
    let keys: Vec<_> = map.keys().iter().map(|column| column.name).collect();
    let columns = map.columns.iter().map(|column| defined(dialect, column));
    let key = format!("primary key ({})", keys.join(", "));
    let lines: Vec<_> = columns.chain([key]).map(|line| format!("    {line}")).collect();
    let by_key = match dialect {
        Dialect::Sqlite => " without rowid",
        Dialect::Postgres => "",
    };
    format!("create table {table} (\n{}\n){by_key}", lines.join(",\n"))
}

fn defined(dialect: Dialect, column: &Column) -> String {
    let null = if column.is_nullable { "" } else { " not null" };
    format!("{} {}{null}", column.name, sql_type(dialect, column.kind))
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

    #[test]
    fn the_table_of_a_map_has_a_row_for_each_key_of_each_owner() {
        const ROOMS: MapTable = MapTable {
            name: "hotel_rooms",
            columns: &[text("hotel_id"), text("room_id"), text("details"), int("beds")],
        };
        assert_eq!(
            create_map_table(Dialect::Sqlite, &ROOMS, "hotel_rooms"),
            "create table hotel_rooms (\n    hotel_id text not null,\n    room_id text not null,\n    details text not null,\n    \
             beds integer not null,\n    primary key (hotel_id, room_id)\n) without rowid"
        );
        assert_eq!(
            create_map_table(Dialect::Postgres, &ROOMS, "hotel_rooms_next"),
            "create table hotel_rooms_next (\n    hotel_id text collate \"C\" not null,\n    \
             room_id text collate \"C\" not null,\n    details text collate \"C\" not null,\n    beds bigint not null,\n    \
             primary key (hotel_id, room_id)\n)"
        );
    }
}
