//! The table `projections`: the state of each projection, and the progress of its rebuild.
//!
//! A rebuild stores its progress in the row. Each of its transactions first locks the row and checks that the progress
//! is still its own. Starting or resuming a rebuild writes new progress (`run` increases), so of two concurrent
//! rebuilds exactly one continues, and the other notices before it writes anything.

use gatebook_projections::projection::AnyProjection;
use gatebook_projections::sql::{Query, RowError, RowReader, Value};
use serde::{Deserialize, Serialize};

use super::ReplayError;
use crate::store::{ConnectionPurpose, Database, StoreError, Transaction};

pub(super) const SELECT: &str = "select name, fold_version, generation, rebuilt_at, rebuild_from, rebuild_cursor, \
     last_error from projections";

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ProjectionState {
    pub(super) name: String,
    pub(super) fold_version: i64,
    pub(super) generation: i64,
    pub(super) rebuilt_at: Option<String>,
    pub(super) rebuild_from: Option<i64>,
    pub(super) rebuild_cursor: Option<String>,
    pub(super) last_error: Option<String>,
}

impl ProjectionState {
    pub(super) fn read(values: Vec<Value>) -> Result<Self, RowError> {
        let mut row = RowReader::new("projections", values);
        Ok(Self {
            name: row.text()?,
            fold_version: row.int()?,
            generation: row.int()?,
            rebuilt_at: row.optional_text()?,
            rebuild_from: row.optional_int()?,
            rebuild_cursor: row.optional_text()?,
            last_error: row.optional_text()?,
        })
    }

    /// The progress of the current rebuild, if there is one.
    pub(super) fn place(&self) -> Option<RebuildProgress> {
        let cursor = self.rebuild_cursor.as_deref()?;
        Some(RebuildProgress {
            from: self.rebuild_from?,
            cursor: serde_json::from_str(cursor).ok()?,
        })
    }
}

/// The progress of a rebuild.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RebuildProgress {
    /// Once `copied`, the new table includes all events up to this position.
    pub(super) from: i64,
    /// Stored as JSON in `rebuild_cursor`.
    pub(super) cursor: RebuildCursor,
}

/// The contents of `rebuild_cursor`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RebuildCursor {
    /// The fold version that fills the new table. Another version has to start from the beginning.
    pub(super) fold_version: i64,
    /// Increases whenever somebody starts or resumes the rebuild.
    pub(super) run: i64,
    /// The id of the last stream that was copied.
    pub(super) after: Option<String>,
    pub(super) copied: bool,
}

/// Locks the projection's row until the transaction ends. If another process has locked it, that process is rebuilding.
pub(super) async fn take(
    transaction: &mut dyn Transaction,
    projection: &AnyProjection,
) -> Result<ProjectionState, ReplayError> {
    let lock = transaction.dialect().for_update_skip_locked();
    if let Some(state) = find(transaction, projection, lock).await? {
        return Ok(state);
    }
    let projection_name = projection.name.to_owned();
    match find(transaction, projection, "").await? {
        Some(_) => Err(ReplayError::Overtaken {
            projection: projection_name,
        }),
        None => Err(ReplayError::NotMigrated {
            projection: projection_name,
        }),
    }
}

async fn find(
    transaction: &mut dyn Transaction,
    projection: &AnyProjection,
    lock: &str,
) -> Result<Option<ProjectionState>, StoreError> {
    let sql = format!("{SELECT} where name = $1{lock}");
    let rows = transaction.rows(Query::new(sql, [projection.name.into()])).await?;
    Ok(rows.into_iter().next().map(ProjectionState::read).transpose()?)
}

/// Locks the projection's row, if its progress and generation are still these.
pub(super) async fn take_at(
    transaction: &mut dyn Transaction,
    projection: &AnyProjection,
    generation: i64,
    place: &RebuildProgress,
) -> Result<(), ReplayError> {
    let state = take(transaction, projection).await?;
    if state.generation == generation && state.place().as_ref() == Some(place) {
        return Ok(());
    }
    Err(ReplayError::Overtaken {
        projection: projection.name.to_owned(),
    })
}

/// Stores the progress of a rebuild.
pub(super) async fn put_place(
    transaction: &mut dyn Transaction,
    projection: &AnyProjection,
    place: &RebuildProgress,
) -> Result<(), StoreError> {
    let order = "update projections set rebuild_from = $1, rebuild_cursor = $2 where name = $3";
    let args = [place.from.into(), Value::json(&place.cursor), projection.name.into()];
    transaction.execute(Query::new(order, args)).await?;
    Ok(())
}

/// Stores a rebuild's error, for `projections status` to show.
pub(super) async fn note(database: &dyn Database, projection: &AnyProjection, error: &ReplayError) {
    if matches!(
        error,
        ReplayError::Overtaken { .. } | ReplayError::NotMigrated { .. } | ReplayError::Newer { .. }
    ) {
        return;
    }
    let noted = async {
        let order = "update projections set last_error = $1 where name = $2";
        let args = [error.to_string().into(), projection.name.into()];
        let mut transaction = database.begin(ConnectionPurpose::Write).await?;
        transaction.execute(Query::new(order, args)).await?;
        transaction.commit().await
    };
    if let Err(problem) = noted.await {
        // The rebuild's own error is on its way to the caller; this one would only hide it.
        tracing::warn!(%problem, projection = projection.name, "could not save why a rebuild stopped");
    }
}
