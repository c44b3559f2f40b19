//! The state of each projection.

use std::sync::Arc;

use gatebook_projections::projection::AnyProjection;
use gatebook_projections::registry;
use gatebook_projections::sql::{Query, Value};
use serde::Serialize;

use super::head::head;
use super::projections_table::{ProjectionState, RebuildCursor, SELECT};
use crate::store::{ConnectionPurpose, Database, StoreError, Transaction};

/// The state of one projection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProjectionStatus {
    /// The name of the projection and of its table.
    pub name: &'static str,
    /// The number of rebuilds of its table, plus one.
    pub generation: i64,
    /// The fold version that filled the table.
    pub fold_version: i64,
    /// The fold version of this program.
    pub code_fold_version: i64,
    /// Whether the two versions differ, so that the table has to be rebuilt.
    pub stale: bool,
    pub rows: i64,
    /// The last position that changed one of its rows; 0 without rows.
    pub position: i64,
    /// The last position of the log. Usually higher than `position`, because not every event concerns every projection.
    pub head: i64,
    pub rebuilt_at: Option<String>,
    /// The rebuild in progress, or an interrupted one.
    pub rebuilding: Option<Rebuilding>,
    /// The error of the last rebuild.
    pub last_error: Option<String>,
}

/// What the database knows of a projection without counting its rows, which takes longer the more there are.
pub struct ProjectionSummary {
    pub name: &'static str,
    pub generation: i64,
    pub stale: bool,
    pub head: i64,
    pub rebuilt_at: Option<String>,
    pub rebuilding: Option<Rebuilding>,
    pub last_error: Option<String>,
}

/// A rebuild in progress, or an interrupted one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rebuilding {
    /// The position from which it has to catch up after copying all streams.
    pub from: i64,
    /// Its progress, as stored in `projections`.
    pub cursor: String,
}

impl Rebuilding {
    /// Its progress in words.
    pub fn stage(&self) -> String {
        match serde_json::from_str::<RebuildCursor>(&self.cursor) {
            Ok(RebuildCursor { copied: true, .. }) => {
                format!("all streams are copied; it catches up from position {}", self.from)
            }
            Ok(RebuildCursor { after: Some(id), .. }) => format!("it has copied the streams up to {id}"),
            _ => "it has just started".to_owned(),
        }
    }
}

/// Reads the state of all projections from one snapshot.
///
/// # Errors
/// The database cannot be read, or is not migrated.
pub async fn status(database: &Arc<dyn Database>) -> Result<Vec<ProjectionStatus>, StoreError> {
    let mut transaction = database.begin(ConnectionPurpose::Snapshot).await?;
    let states = states(&mut *transaction).await?;
    let head = head(&mut *transaction, "").await?;
    let mut all = Vec::with_capacity(states.len());
    for (projection, state) in known(states) {
        let (rows, position) = extent(&mut *transaction, &projection).await?;
        all.push(ProjectionStatus {
            name: projection.name,
            generation: state.generation,
            fold_version: state.fold_version,
            code_fold_version: projection.fold_version,
            stale: state.fold_version != projection.fold_version,
            rows,
            position,
            head,
            rebuilding: rebuilding(&state),
            rebuilt_at: state.rebuilt_at,
            last_error: state.last_error,
        });
    }
    Ok(all)
}

/// Reads what is known of all projections without counting, from one snapshot.
///
/// # Errors
/// As for [`status`].
pub async fn summaries(database: &Arc<dyn Database>) -> Result<Vec<ProjectionSummary>, StoreError> {
    let mut transaction = database.begin(ConnectionPurpose::Snapshot).await?;
    let states = states(&mut *transaction).await?;
    let head = head(&mut *transaction, "").await?;
    let summaries = known(states).map(|(projection, state)| ProjectionSummary {
        name: projection.name,
        generation: state.generation,
        stale: state.fold_version != projection.fold_version,
        head,
        rebuilding: rebuilding(&state),
        rebuilt_at: state.rebuilt_at,
        last_error: state.last_error,
    });
    Ok(summaries.collect())
}

/// The projections filled by another fold version. They have to be rebuilt before this program serves.
///
/// # Errors
/// The database cannot be read, or is not migrated.
pub async fn stale(database: &Arc<dyn Database>) -> Result<Vec<AnyProjection>, StoreError> {
    let rows = database.rows(Query::new(SELECT, [])).await?;
    let states = rows
        .into_iter()
        .map(ProjectionState::read)
        .collect::<Result<Vec<_>, _>>()?;
    let stale = known(states).filter(|(projection, state)| projection.fold_version != state.fold_version);
    Ok(stale.map(|(projection, _)| projection).collect())
}

pub(super) async fn states(transaction: &mut dyn Transaction) -> Result<Vec<ProjectionState>, StoreError> {
    let rows = transaction.rows(Query::new(SELECT, [])).await?;
    Ok(rows.into_iter().map(ProjectionState::read).collect::<Result<_, _>>()?)
}

/// The projections of this program that the database has, in the program's order.
fn known(states: Vec<ProjectionState>) -> impl Iterator<Item = (AnyProjection, ProjectionState)> {
    registry::all().into_iter().filter_map(move |projection| {
        let state = states.iter().find(|one| one.name == projection.name)?;
        Some((projection, state.clone()))
    })
}

fn rebuilding(state: &ProjectionState) -> Option<Rebuilding> {
    Some(Rebuilding {
        from: state.rebuild_from?,
        cursor: state.rebuild_cursor.clone().unwrap_or_default(),
    })
}

/// Counts a projection's rows, and finds the last position that changed one.
async fn extent(transaction: &mut dyn Transaction, projection: &AnyProjection) -> Result<(i64, i64), StoreError> {
    let sql = format!("select count(*), coalesce(max(position), 0) from {}", projection.name);
    let rows = transaction.rows(Query::new(sql, [])).await?;
    match rows.first().map(Vec::as_slice) {
        Some([Value::Int(rows), Value::Int(position)]) => Ok((*rows, *position)),
        _ => Err(StoreError::internal("a count gave no number")),
    }
}
