//! Brings a database's tables up to date: the log's by migrations, the projections' from their declarations.

use std::sync::Arc;

use gatebook_projections::projection::AnyProjection;
use gatebook_projections::registry;
use gatebook_projections::sql::{Query, Value, int, text};

use super::database::{ConnectionPurpose, Database, OnConflict};
use super::error::StoreError;
use super::projection_tables::create_projection;
use super::table_versions::{TableVersions, has_table, table_versions};

/// The fold version of a table that has never been filled.
const NEVER_FOLDED: i64 = 0;

/// Brings the tables up to date. It is safe at every start, and from several processes at once.
///
/// A missing projection table is created empty, for `projections rebuild` to fill. Its fold version in `projections`
/// then differs from the code's.
///
/// Tables made by a newer program stay as they are, if this one can work with them.
///
/// # Errors
/// `NewerTables` if it cannot; a failed migration.
pub async fn migrate(database: &Arc<dyn Database>) -> Result<(), StoreError> {
    if !run_migrations(&**database).await? {
        tracing::warn!(
            "a newer version of gatebook has made the database's tables; this one can work with them, and changes nothing \
             about them"
        );
        return Ok(());
    }
    create_missing_projections(&**database, &registry::all()).await
}

/// Creates the tables of those projections that have none yet.
pub(crate) async fn create_missing_projections(
    database: &dyn Database,
    projections: &[AnyProjection],
) -> Result<(), StoreError> {
    let mut transaction = database.begin(ConnectionPurpose::Write).await?;
    let head = format!("select id from log_head{}", transaction.dialect().for_update());
    transaction.rows(Query::new(head, [])).await?;
    let existing = transaction.rows(Query::new("select name from projections", [])).await?;
    let log_is_empty = transaction
        .rows(Query::new("select position from events limit 1", []))
        .await?
        .is_empty();
    for projection in projections {
        if !existing.contains(&vec![Value::from(projection.name)]) {
            create_projection(&mut *transaction, projection, "", 1).await?;
            let columns = [text("name"), int("fold_version"), int("generation")];
            // An empty table is correct only for an empty log. Otherwise it is as outdated as one from an old fold.
            let fold_version = if log_is_empty {
                projection.fold_version
            } else {
                NEVER_FOLDED
            };
            let row = vec![projection.name.into(), fold_version.into(), 1.into()];
            transaction
                .insert("projections", &columns, &[row], OnConflict::Fail)
                .await?;
        }
    }
    transaction.commit().await
}

/// Requires that some version has migrated the database. Reads only.
///
/// # Errors
/// `NotMigrated`.
pub async fn require_tables(database: &dyn Database) -> Result<(), StoreError> {
    // The versions are not read: a role that first has to join another one to migrate may not read them yet.
    match has_table(database, "_sqlx_migrations").await? {
        true => Ok(()),
        false => Err(StoreError::NotMigrated),
    }
}

/// Requires tables of this program, or newer ones that it can work with. Reads only.
///
/// # Errors
/// `NotMigrated`, `OlderTables` or `NewerTables`.
pub async fn require_migrated(database: &dyn Database) -> Result<(), StoreError> {
    match table_versions(database).await? {
        TableVersions::Missing => Err(StoreError::NotMigrated),
        TableVersions::Older => Err(StoreError::OlderTables),
        TableVersions::Newer => Err(StoreError::NewerTables),
        TableVersions::Same | TableVersions::NewerCompatible => Ok(()),
    }
}

/// Runs the missing migrations. Returns whether the tables are now exactly this program's.
async fn run_migrations(database: &dyn Database) -> Result<bool, StoreError> {
    match table_versions(database).await? {
        TableVersions::Newer => return Err(StoreError::NewerTables),
        TableVersions::NewerCompatible => return Ok(false),
        TableVersions::Missing | TableVersions::Older | TableVersions::Same => {}
    }
    let Err(error) = database.migrate().await else {
        return Ok(true);
    };
    // A newer program may have migrated at the same moment.
    match table_versions(database).await {
        Ok(TableVersions::Newer) => Err(StoreError::NewerTables),
        Ok(TableVersions::NewerCompatible) => Ok(false),
        _ => Err(error),
    }
}
