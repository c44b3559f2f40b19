//! Brings a database's tables up to date: the log's by migrations, the projections' from their templates.

use std::sync::Arc;

use gatebook_projections::projection::{self, AnyProjection};
use gatebook_projections::sql::{Query, Value, int, text};

use super::database::{ConnectionPurpose, Database, Dialect, OnConflict, Transaction};
use super::error::StoreError;
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
    let mut transaction = database.begin(ConnectionPurpose::Write).await?;
    let head = format!("select id from log_head{}", transaction.dialect().for_update());
    transaction.rows(Query::new(head, [])).await?;
    let existing = transaction.rows(Query::new("select name from projections", [])).await?;
    let log_is_empty = transaction
        .rows(Query::new("select position from events limit 1", []))
        .await?
        .is_empty();
    for projection in projection::all() {
        if !existing.contains(&vec![Value::from(projection.name)]) {
            create_projection(&mut *transaction, &projection, projection.name, 1).await?;
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

/// Creates one generation of a projection's table, with its indexes.
pub async fn create_projection(
    transaction: &mut dyn Transaction,
    projection: &AnyProjection,
    table: &str,
    generation: i64,
) -> Result<(), StoreError> {
    create_projection_table(transaction, projection, table).await?;
    for index in projection_indexes(transaction.dialect(), projection, table, generation) {
        transaction.script(&index).await?;
    }
    Ok(())
}

/// Creates one generation of a projection's table without indexes: building them on the full table is cheaper.
pub async fn create_projection_table(
    transaction: &mut dyn Transaction,
    projection: &AnyProjection,
    table: &str,
) -> Result<(), StoreError> {
    let (columns, _) = split(template(transaction.dialect(), projection.name));
    transaction.script(&columns.replace("{table}", table)).await
}

/// Statements that create the indexes of one generation and, on PostgreSQL, analyze the full table for the planner.
/// Each may be repeated safely.
pub fn projection_indexes(dialect: Dialect, projection: &AnyProjection, table: &str, generation: i64) -> Vec<String> {
    let (_, indexes) = split(template(dialect, projection.name));
    let orders = indexes.split(';').map(str::trim).filter(|order| !order.is_empty());
    let analyze = match dialect {
        Dialect::Sqlite => None,
        Dialect::Postgres => Some(format!("analyze {table}")),
    };
    orders
        .map(|order| {
            order
                .replace("{table}", table)
                .replace("{generation}", &generation.to_string())
                .replacen("index ", "index if not exists ", 1)
        })
        .chain(analyze)
        .collect()
}

/// Splits a template into the table and its indexes.
fn split(template: &'static str) -> (&'static str, &'static str) {
    template.split_once(';').unwrap_or((template, ""))
}

fn template(dialect: Dialect, projection: &str) -> &'static str {
    macro_rules! templates {
        ($($name:literal),*) => {
            match (dialect, projection) {
                $(
                    (Dialect::Sqlite, $name) => include_str!(concat!("../../migrations/sqlite/projections/", $name, ".sql")),
                    (Dialect::Postgres, $name) => include_str!(concat!("../../migrations/postgres/projections/", $name, ".sql")),
                )*
                _ => "",
            }
        };
    }
    templates!(
        "app_list",
        "portal_apps",
        "token_gate",
        "revoked_tokens",
        "groups",
        "developers",
        "system"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_projection_has_a_table_with_all_its_columns_on_both_databases() {
        for projection in projection::all() {
            for dialect in [Dialect::Sqlite, Dialect::Postgres] {
                let sql = template(dialect, projection.name);
                for column in projection.columns {
                    assert!(
                        sql.contains(&format!("\n    {} ", column.name)),
                        "{} {}",
                        projection.name,
                        column.name
                    );
                }
            }
        }
    }
}
