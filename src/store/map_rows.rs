//! Brings the tables of maps to what the maps of rows are. Only what differs is written: a map can have thousands of entries,
//! and seldom differs in more than a few.

use std::collections::BTreeMap;

use gatebook_projections::projection::AnyProjection;
use gatebook_projections::row::StoredRow;
use gatebook_projections::sql::{MAP_KEYS, MapTable, Query, Value};

use super::database::{OnConflict, Transaction};
use super::error::StoreError;

/// What to write to the table of a map.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct MapDifference {
    /// The rows to put, in the place of those with the same keys.
    pub(crate) put: Vec<Vec<Value>>,
    /// The keys of the rows to delete.
    pub(crate) gone: Vec<Vec<Value>>,
}

/// The rows that tables of maps are to have, by whose they are.
pub(crate) type RowsByOwner = BTreeMap<String, Vec<Vec<Value>>>;

impl MapDifference {
    /// What makes the table have these rows of these owners, and no others of them.
    pub(crate) async fn to_have(
        transaction: &mut dyn Transaction,
        table: &str,
        map: &MapTable,
        rows: RowsByOwner,
    ) -> Result<Self, StoreError> {
        let (Some(owner), false) = (map.columns.first(), rows.is_empty()) else {
            return Ok(Self::default());
        };
        let columns: Vec<_> = map.columns.iter().map(|column| column.name).collect();
        let owners = transaction.dialect().list("$1");
        let sql = format!(
            "select {} from {table} where {} in ({owners})",
            columns.join(", "),
            owner.name
        );
        let owners = Value::json(&rows.keys().collect::<Vec<_>>());
        let found = transaction.rows(Query::new(sql, [owners])).await?;
        let mut found: BTreeMap<String, Vec<Value>> = found.into_iter().map(|row| (key_of(&row), row)).collect();
        let mut put = Vec::new();
        for row in rows.into_values().flatten() {
            if found.remove(&key_of(&row)).as_ref() != Some(&row) {
                put.push(row);
            }
        }
        let gone = found.into_values().map(|mut row| {
            row.truncate(MAP_KEYS);
            row
        });
        Ok(Self {
            put,
            gone: gone.collect(),
        })
    }

    async fn write(self, transaction: &mut dyn Transaction, table: &str, map: &MapTable) -> Result<(), StoreError> {
        transaction.delete(table, map.keys(), &self.gone).await?;
        transaction
            .insert(table, map.columns, &self.put, OnConflict::ReplacePair)
            .await?;
        Ok(())
    }
}

/// What tells the rows of a table apart: both keys in one text, as neither is empty nor holds what is between them.
fn key_of(row: &[Value]) -> String {
    let keys = row.iter().take(MAP_KEYS).map(|value| match value {
        Value::Text(text) => text.as_str(),
        Value::Int(_) | Value::Null => "",
    });
    keys.collect::<Vec<_>>().join("\0")
}

/// Puts these rows of a projection into one generation of its tables, in the place of older ones. The tables are called as the
/// projection's own, with `suffix`.
pub(crate) async fn put_rows(
    transaction: &mut dyn Transaction,
    projection: &AnyProjection,
    suffix: &str,
    rows: Vec<StoredRow>,
) -> Result<(), StoreError> {
    let maps = put_own(transaction, projection, suffix, rows, OnConflict::Replace).await?;
    for (map, rows) in projection.maps.iter().zip(maps) {
        let table = format!("{}{suffix}", map.name);
        let difference = MapDifference::to_have(transaction, &table, map, rows).await?;
        difference.write(transaction, &table, map).await?;
    }
    Ok(())
}

/// Puts these rows of a projection into one generation of its tables, which have none of them yet.
pub(crate) async fn put_new_rows(
    transaction: &mut dyn Transaction,
    projection: &AnyProjection,
    suffix: &str,
    rows: Vec<StoredRow>,
) -> Result<(), StoreError> {
    let maps = put_own(transaction, projection, suffix, rows, OnConflict::Fail).await?;
    for (map, rows) in projection.maps.iter().zip(maps) {
        let (table, rows): (_, Vec<_>) = (format!("{}{suffix}", map.name), rows.into_values().flatten().collect());
        transaction.insert(&table, map.columns, &rows, OnConflict::Fail).await?;
    }
    Ok(())
}

/// Puts the rows into the projection's own table, and returns for each map the rows of its table.
async fn put_own(
    transaction: &mut dyn Transaction,
    projection: &AnyProjection,
    suffix: &str,
    rows: Vec<StoredRow>,
    on_conflict: OnConflict,
) -> Result<Vec<RowsByOwner>, StoreError> {
    let (values, maps) = parted(projection, rows);
    let table = format!("{}{suffix}", projection.name);
    transaction
        .insert(&table, projection.columns, &values, on_conflict)
        .await?;
    Ok(maps)
}

/// Takes the rows of these streams out of one generation of a projection's tables.
pub(crate) async fn take_out(
    transaction: &mut dyn Transaction,
    projection: &AnyProjection,
    suffix: &str,
    ids: &[String],
) -> Result<(), StoreError> {
    if ids.is_empty() {
        return Ok(());
    }
    let own = projection.columns.first().map(|key| (projection.name, key.name));
    let maps = projection
        .maps
        .iter()
        .filter_map(|map| Some((map.name, map.columns.first()?.name)));
    for (table, key) in own.into_iter().chain(maps) {
        let list = transaction.dialect().list("$1");
        let order = format!("delete from {table}{suffix} where {key} in ({list})");
        transaction.execute(Query::new(order, [Value::json(&ids)])).await?;
    }
    Ok(())
}

/// The values of rows, and for each map the rows of its table.
fn parted(projection: &AnyProjection, rows: Vec<StoredRow>) -> (Vec<Vec<Value>>, Vec<RowsByOwner>) {
    let mut values = Vec::with_capacity(rows.len());
    let mut maps = vec![RowsByOwner::new(); projection.maps.len()];
    for row in rows {
        if let Some(Value::Text(owner)) = row.values.first() {
            for (of_all, own) in maps.iter_mut().zip(row.maps) {
                of_all.insert(owner.clone(), own);
            }
        }
        values.push(row.values);
    }
    (values, maps)
}
