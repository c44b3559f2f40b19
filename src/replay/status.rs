//! Where each projection stands.

use std::sync::Arc;

use gatebook_projections::projection::{self, AnyProjection};
use gatebook_projections::sql::{Query, Value};
use serde::Serialize;

use super::projections_table::{ProjectionState, RebuildCursor, SELECT};
use super::switch::head;
use crate::store::{ConnectionPurpose, Database, StoreError, Transaction};

/// Where one projection stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProjectionStatus {
    /// The projection, and its table.
    pub name: &'static str,
    /// How often its table has been rebuilt, and one more.
    pub generation: i64,
    /// The version of the fold that filled the table.
    pub fold_version: i64,
    /// The version of the fold in this program.
    pub code_fold_version: i64,
    /// Whether the two differ, so that the table has to be rebuilt.
    pub stale: bool,
    /// How many rows it has.
    pub rows: i64,
    /// The last position that changed one of its rows; 0 without rows.
    pub position: i64,
    /// The last position of the log. It is usually higher: not every event concerns every projection.
    pub head: i64,
    /// When it was rebuilt last.
    pub rebuilt_at: Option<String>,
    /// The rebuild that is under way, or was interrupted.
    pub rebuilding: Option<Rebuilding>,
    /// What stopped the last rebuild.
    pub last_error: Option<String>,
}

/// A rebuild that is under way, or was interrupted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rebuilding {
    /// The position from which it still has to catch up, once all streams are copied.
    pub from: i64,
    /// How far it has come, as `projections` keeps it.
    pub cursor: String,
}

impl Rebuilding {
    /// How far it has come, for people.
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

/// Where all projections stand, at one moment.
///
/// # Errors
/// A database that cannot be read, or that is not migrated.
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

/// The projections whose tables were filled by another version of their fold. They have to be rebuilt before this
/// program serves.
///
/// # Errors
/// A database that cannot be read, or that is not migrated.
pub async fn stale(database: &Arc<dyn Database>) -> Result<Vec<AnyProjection>, StoreError> {
    let rows = database.rows(Query::new(SELECT, [])).await?;
    let states = rows
        .into_iter()
        .map(ProjectionState::read)
        .collect::<Result<Vec<_>, _>>()?;
    let stale = known(states).filter(|(projection, state)| projection.fold_version != state.fold_version);
    Ok(stale.map(|(projection, _)| projection).collect())
}

/// All rows of `projections`.
pub(super) async fn states(transaction: &mut dyn Transaction) -> Result<Vec<ProjectionState>, StoreError> {
    let rows = transaction.rows(Query::new(SELECT, [])).await?;
    Ok(rows.into_iter().map(ProjectionState::read).collect::<Result<_, _>>()?)
}

/// The projections of this program that the database has, in the program's order.
fn known(states: Vec<ProjectionState>) -> impl Iterator<Item = (AnyProjection, ProjectionState)> {
    projection::all().into_iter().filter_map(move |projection| {
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

/// How many rows a projection has, and the last position that changed one.
async fn extent(transaction: &mut dyn Transaction, projection: &AnyProjection) -> Result<(i64, i64), StoreError> {
    let sql = format!("select count(*), coalesce(max(position), 0) from {}", projection.name);
    let rows = transaction.rows(Query::new(sql, [])).await?;
    match rows.first().map(Vec::as_slice) {
        Some([Value::Int(rows), Value::Int(position)]) => Ok((*rows, *position)),
        _ => Err(StoreError::Refused("a count gave no number".to_owned())),
    }
}
