//! Whether the rows that this program folds are those that the database holds. Two versions of the program can run on one
//! database while one takes the other's place; rows of both in one table would be silently wrong.

use gatebook_projections::registry;
use gatebook_projections::sql::{Query, RowError, RowReader};

use crate::store::{Database, StoreError};

/// The fold version of a table that no fold has filled; its first rebuild has not ended.
const NEVER_FOLDED: i64 = 0;

/// The same as [`check`], for whoever wants to know before there is anything to write.
///
/// # Errors
/// Also, a database that cannot be read.
pub async fn check_in(database: &dyn Database) -> Result<(), StoreError> {
    let query = Query::new("select name, fold_version from projections", []);
    let rows = database.rows(query).await?.into_iter().map(|row| {
        let mut row = RowReader::new("projections", row);
        Ok((row.text()?, row.int()?))
    });
    check(&rows.collect::<Result<Vec<_>, RowError>>()?)
}

/// Compares the database's projections, by name and fold version, with this program's.
///
/// # Errors
/// `Unavailable` when they differ: other nodes can do what this one cannot.
pub(super) fn check(found: &[(String, i64)]) -> Result<(), StoreError> {
    let known = registry::all();
    for (name, version) in found {
        let ours = known.iter().find(|one| one.name == name).map(|one| one.fold_version);
        if *version > ours.unwrap_or(NEVER_FOLDED) {
            let why = format!("this node is older than the database's projections ({name}); upgrade it");
            return Err(StoreError::unavailable(why));
        }
    }
    for one in known {
        if !found.contains(&(one.name.to_owned(), one.fold_version)) {
            let why = format!(
                "this node is newer than the database's projections ({}); rebuild them",
                one.name
            );
            return Err(StoreError::unavailable(why));
        }
    }
    Ok(())
}
