//! Where the log ends.

use gatebook_projections::sql::{Query, Value};

use crate::store::{StoreError, Transaction};

/// The last position of the log in this transaction.
pub(super) async fn head(transaction: &mut dyn Transaction, lock: &str) -> Result<i64, StoreError> {
    let sql = format!("select position from log_head where id = 1{lock}");
    let rows = transaction.rows(Query::new(sql, [])).await?;
    match rows.first().map(Vec::as_slice) {
        Some([Value::Int(position)]) => Ok(*position),
        _ => Err(StoreError::internal("log_head has no row")),
    }
}
