//! Waits until another process's rebuild stands still before this one takes it over. Otherwise two nodes that start
//! together would keep taking the same rebuild from each other.

use std::sync::Arc;

use gatebook_projections::projection::AnyProjection;
use gatebook_projections::sql::Query;

use super::projections_table::{ProjectionState, RebuildProgress, SELECT};
use crate::store::{Database, StoreError};

/// Returns when no rebuild of the projection makes progress: there is none, it has ended, or it did not move during one
/// `pause`. It does not wait for a rebuild with another fold version.
///
/// # Errors
/// The database cannot be read.
pub async fn wait_while_it_moves(
    database: &Arc<dyn Database>,
    projection: &AnyProjection,
    mut pause: impl AsyncFnMut(),
) -> Result<(), StoreError> {
    let mut seen = place(database, projection).await?;
    while seen.is_some() {
        pause().await;
        let now = place(database, projection).await?;
        if now == seen {
            return Ok(());
        }
        seen = now;
    }
    Ok(())
}

async fn place(
    database: &Arc<dyn Database>,
    projection: &AnyProjection,
) -> Result<Option<RebuildProgress>, StoreError> {
    let query = Query::new(format!("{SELECT} where name = $1"), [projection.name.into()]);
    let state = database.rows(query).await?.into_iter().next();
    let state = state.map(ProjectionState::read).transpose()?;
    let place = state.and_then(|state| state.place());
    Ok(place.filter(|place| place.cursor.fold_version == projection.fold_version))
}
