//! How far the projections are. It counts no table, so it is cheap enough to run every few seconds.

use gatebook_projections::registry;
use gatebook_projections::sql::{Query, Value};

use super::projections_table::{ProjectionState, SELECT};
use crate::store::{Database, StoreError};

/// How far the log and its projections are.
pub struct LogProgress {
    /// The last position of the log.
    pub head: i64,
    pub projections: Vec<ProjectionProgress>,
}

/// How far one projection is.
pub struct ProjectionProgress {
    pub name: &'static str,
    /// The number of rebuilds of its table, plus one.
    pub generation: i64,
    /// Whether another fold version filled its table.
    pub stale: bool,
    /// How many events a rebuild still has to catch up with. `None` without a rebuild.
    pub rebuild_behind: Option<i64>,
    pub failed: bool,
}

/// Reads how far the log and its projections are.
///
/// # Errors
/// The database cannot be read, or is not migrated.
pub async fn log_progress(database: &dyn Database) -> Result<LogProgress, StoreError> {
    let rows = database.rows(Query::new(SELECT, [])).await?;
    let states = rows
        .into_iter()
        .map(ProjectionState::read)
        .collect::<Result<Vec<_>, _>>()?;
    let rows = database.rows(Query::new("select position from log_head", [])).await?;
    let Some([Value::Int(head)]) = rows.first().map(Vec::as_slice) else {
        return Err(StoreError::internal("the log has no head"));
    };
    let projections = registry::all().into_iter().filter_map(|projection| {
        let state = states.iter().find(|state| state.name == projection.name)?;
        Some(ProjectionProgress {
            name: projection.name,
            generation: state.generation,
            stale: state.fold_version != projection.fold_version,
            rebuild_behind: state.rebuild_from.map(|from| (head - from).max(0)),
            failed: state.last_error.is_some(),
        })
    });
    Ok(LogProgress {
        head: *head,
        projections: projections.collect(),
    })
}
