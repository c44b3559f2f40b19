//! Whether this program can work with the existing tables: its own, or newer ones that are marked as compatible.
//!
//! A migration that breaks older programs (they would write incomplete rows, or read what is gone) sets
//! `schema_compatible_from` in `facts` to its own number. A program whose newest migration has that number or a later
//! one can work with the tables of a newer program.

use std::collections::BTreeSet;

use gatebook_projections::sql::{Query, Value};

use super::database::{Database, Dialect};
use super::error::StoreError;
use super::{postgres, sqlite};

/// How a database's tables compare with those of this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TableVersions {
    Missing,
    /// Some migrations have not been run yet.
    Older,
    Same,
    /// A newer program made them, and this one can work with them.
    NewerCompatible,
    /// A newer or a different program made them, and this one cannot work with them.
    Newer,
}

pub(super) async fn table_versions(database: &dyn Database) -> Result<TableVersions, StoreError> {
    let migrations = match database.dialect() {
        Dialect::Sqlite => &sqlite::MIGRATIONS,
        Dialect::Postgres => &postgres::MIGRATIONS,
    };
    if !has_table(database, "_sqlx_migrations").await? {
        return Ok(TableVersions::Missing);
    }
    let done = "select version from _sqlx_migrations where success order by version";
    let done = database.rows(Query::new(done, [])).await?;
    let versions = done.into_iter().flatten().filter_map(|value| match value {
        Value::Int(version) => Some(version),
        Value::Null | Value::Text(_) => None,
    });
    let done: BTreeSet<i64> = versions.collect();
    let known: BTreeSet<i64> = migrations.iter().map(|migration| migration.version).collect();
    let compatible_from = match done.is_subset(&known) {
        true => None,
        false => compatible_from(database).await?,
    };
    Ok(compare(&done, &known, compatible_from))
}

fn compare(done: &BTreeSet<i64>, known: &BTreeSet<i64>, compatible_from: Option<i64>) -> TableVersions {
    if done == known {
        return TableVersions::Same;
    }
    if done.is_subset(known) {
        return TableVersions::Older;
    }
    let newest = known.last().copied().unwrap_or_default();
    let only_later = done.difference(known).all(|version| *version > newest);
    let is_enough = compatible_from.is_some_and(|from| from <= newest);
    if known.is_subset(done) && only_later && is_enough {
        TableVersions::NewerCompatible
    } else {
        TableVersions::Newer
    }
}

/// The oldest migration whose program can work with the tables. Without a readable mark, no older program can.
async fn compatible_from(database: &dyn Database) -> Result<Option<i64>, StoreError> {
    if !has_table(database, "facts").await? {
        return Ok(None);
    }
    let mark = "select value from facts where name = 'schema_compatible_from'";
    let rows = database.rows(Query::new(mark, [])).await?;
    Ok(match rows.first().map(Vec::as_slice) {
        Some([Value::Text(mark)]) => mark.parse().ok(),
        _ => None,
    })
}

pub(super) async fn has_table(database: &dyn Database, name: &str) -> Result<bool, StoreError> {
    let query = Query::new(database.dialect().table_exists("$1"), [name.into()]);
    Ok(!database.rows(query).await?.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(done: &[i64], compatible_from: Option<i64>) -> TableVersions {
        let known = BTreeSet::from([1, 2, 3]);
        compare(&done.iter().copied().collect(), &known, compatible_from)
    }

    #[test]
    fn tables_of_this_program_or_an_older_one_need_no_mark() {
        assert_eq!(compared(&[1, 2, 3], None), TableVersions::Same);
        assert_eq!(compared(&[1, 2], None), TableVersions::Older);
        assert_eq!(compared(&[], None), TableVersions::Older);
    }

    #[test]
    fn a_newer_programs_tables_are_worked_with_from_their_mark_on() {
        assert_eq!(compared(&[1, 2, 3, 4], Some(3)), TableVersions::NewerCompatible);
        assert_eq!(compared(&[1, 2, 3, 4, 7], Some(1)), TableVersions::NewerCompatible);
        assert_eq!(compared(&[1, 2, 3, 4], Some(4)), TableVersions::Newer);
        assert_eq!(compared(&[1, 2, 3, 4], None), TableVersions::Newer);
    }

    #[test]
    fn tables_of_another_history_are_never_worked_with() {
        assert_eq!(compared(&[1, 2, 4], Some(1)), TableVersions::Newer);
        assert_eq!(compared(&[1, 2, 3, 0], Some(1)), TableVersions::Newer);
    }
}
