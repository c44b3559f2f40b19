//! The tables that a rebuild fills, until they take the place of those that serve.

use gatebook_projections::projection::AnyProjection;
use gatebook_projections::sql::Query;

use crate::store::{StoreError, Transaction};

/// How the names of the tables end that are being filled.
pub(super) const NEXT: &str = "_next";

/// The name of the table that is being filled to take this one's place.
pub(super) fn next(table: &str) -> String {
    format!("{table}{NEXT}")
}

/// Whether there is a table.
pub(super) async fn table_exists(transaction: &mut dyn Transaction, table: &str) -> Result<bool, StoreError> {
    let query = Query::new(transaction.dialect().table_exists("$1"), [table.into()]);
    Ok(!transaction.rows(query).await?.is_empty())
}

/// Whether there are all of the tables that are being filled.
pub(super) async fn all_exist(
    transaction: &mut dyn Transaction,
    projection: &AnyProjection,
) -> Result<bool, StoreError> {
    for table in projection.tables() {
        if !table_exists(transaction, &next(table)).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Drops those that there are.
pub(super) async fn drop_next(transaction: &mut dyn Transaction, projection: &AnyProjection) -> Result<(), StoreError> {
    for table in projection.tables() {
        let order = format!("drop table if exists {}", next(table));
        transaction.script(&order).await?;
    }
    Ok(())
}
