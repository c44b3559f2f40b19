//! One consistent snapshot of the log and of the tables folded from it.

use gatebook_projections::projection::AnyProjection;
use gatebook_projections::sql::{Query, Value};

use super::ReplayError;
use crate::store::{ConnectionPurpose, Database, StoreError, Transaction};

/// How often opening is tried again after rebuilds have switched tables meanwhile.
const TRIES: usize = 5;

/// Begins a snapshot in which the tables of these projections match the log.
///
/// PostgreSQL finds a table by its current name but shows the rows of the snapshot, so a table that was renamed after
/// the snapshot began would look incomplete. Therefore the tables are read first, which locks them in place until the
/// snapshot ends. If one was switched in between, the snapshot starts again.
pub(super) async fn open(
    database: &dyn Database,
    projections: &[AnyProjection],
) -> Result<Box<dyn Transaction>, ReplayError> {
    for _ in 0..TRIES {
        let mut transaction = database.begin(ConnectionPurpose::Snapshot).await?;
        let seen = transaction.rows(generations()).await?;
        for projection in projections {
            let known = seen
                .iter()
                .find(|row| row.first() == Some(&Value::from(projection.name)));
            let Some(known) = known else {
                let projection = projection.name.to_owned();
                return Err(ReplayError::NotMigrated { projection });
            };
            // Another fold may have had no tables for maps, and is not compared.
            let tables = match known.last() == Some(&projection.fold_version.into()) {
                true => 1 + projection.maps.len(),
                false => 1,
            };
            for table in projection.tables().take(tables) {
                let touch = format!("select 1 from {table} where 1 = 0");
                transaction.rows(Query::new(touch, [])).await?;
            }
        }
        if database.rows(generations()).await? == seen {
            return Ok(transaction);
        }
    }
    let why = "rebuilds were switching tables again and again";
    Err(StoreError::unavailable(why).into())
}

fn generations() -> Query {
    Query::new(
        "select name, generation, fold_version from projections order by name",
        [],
    )
}

/// Counts in a snapshot, which has a longer time limit than ordinary queries.
pub(super) async fn count(database: &dyn Database, query: Query) -> Result<i64, StoreError> {
    let mut transaction = database.begin(ConnectionPurpose::Snapshot).await?;
    match transaction.rows(query).await?.first().map(Vec::as_slice) {
        Some([Value::Int(count)]) => Ok(*count),
        _ => Err(StoreError::internal("a count gave no number")),
    }
}
