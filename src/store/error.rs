//! What can go wrong with a database, as far as callers have to tell it apart.

use std::path::PathBuf;

use gatebook_projections::recorded::UnreadableEvent;
use gatebook_projections::sql::RowError;
use thiserror::Error;

/// A failure of the store. None of these means that a command was half done.
#[derive(Clone, Debug, Error)]
pub enum StoreError {
    /// The database cannot be reached, is shutting down, or is too busy. Trying again later may help.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// The database refused a statement; a bug, or somebody changed its tables.
    #[error("the database refused: {0}")]
    Refused(String),
    /// An event of the log cannot be read.
    #[error(transparent)]
    Unreadable(#[from] UnreadableEvent),
    /// A row of a table cannot be read.
    #[error(transparent)]
    Row(#[from] RowError),
    /// The database's URL is of no known kind.
    #[error("a database URL begins with sqlite:// or postgres://")]
    BadUrl,
    /// There is no database file.
    #[error(
        "there is no database {}; look at --data and --database-url, or make one with `gatebook migrate`",
        .0.display()
    )]
    NotThere(PathBuf),
    /// The database has no tables of ours.
    #[error("the database has no tables of Gatebook; look at --database-url, or make them with `gatebook migrate`")]
    NotMigrated,
    /// The database's tables are older than this program.
    #[error("the database's tables are older than this program; bring them up to date with `gatebook migrate`")]
    OlderTables,
    /// The database's tables are newer than this program.
    #[error("the database's tables are newer than this program; take the version of gatebook that made them")]
    NewerTables,
    /// The tables could not be brought up to date.
    #[error("the tables could not be brought up to date: {0}")]
    Migration(String),
}

impl StoreError {
    /// Whether the failure is one of reaching the database, rather than of what it holds.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        if is_unavailable(&error) {
            Self::Unavailable(error.to_string())
        } else {
            Self::Refused(error.to_string())
        }
    }
}

fn is_unavailable(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(database) => database.code().is_some_and(|code| is_unavailable_code(&code)),
        _ => false,
    }
}

/// PostgreSQL: connection failures (08), too little of something (53), deadlock and serialization (40), cancelled or
/// shutting down (57), locks not had in time (55P03). SQLite: busy (5), locked (6), disk trouble (10, 13, 14), and
/// their extended codes.
fn is_unavailable_code(code: &str) -> bool {
    if code.len() == 5 && code.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return ["08", "53", "40", "57"].contains(&&code[..2]) || code == "55P03" || code == "25006";
    }
    code.parse::<i64>()
        .is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 10 | 13 | 14))
}

#[cfg(test)]
mod tests {
    use super::is_unavailable_code;

    #[test]
    fn a_database_that_is_away_is_told_from_one_that_refuses() {
        for away in ["08006", "57P01", "53300", "40001", "55P03", "5", "517", "6", "13"] {
            assert!(is_unavailable_code(away), "{away}");
        }
        for refused in ["23505", "42P01", "2067", "1"] {
            assert!(!is_unavailable_code(refused), "{refused}");
        }
    }
}
