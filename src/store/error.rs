//! What can go wrong with a database, as far as callers have to tell it apart.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use gatebook_projections::recorded::UnreadableEvent;
use gatebook_projections::sql::RowError;
use thiserror::Error;

use super::postgres_guard::is_no_primary;
use super::postgres_session::NO_SESSION;
use super::postgres_url::PostgresUrlError;

/// A failure of the store. None of these means that a command was half done.
#[derive(Clone, Debug, Error)]
pub enum StoreError {
    /// The database cannot be reached, is shutting down, or is too busy. Trying again later may help.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// The connection to the database ended. Another one may be had at once.
    #[error("the connection to the database was lost: {0}")]
    Lost(String),
    /// Two transactions were in each other's way, and the database gave this one up. Repeating it at once helps.
    #[error("the database chose another transaction: {0}")]
    GivenUp(String),
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
    /// The URL of a PostgreSQL database cannot be used.
    #[error(transparent)]
    PostgresUrl(#[from] PostgresUrlError),
    /// A URL of SQLite that names no file, or wants what is not known.
    #[error("{0}")]
    BadSqliteUrl(String),
    /// The database file cannot be made or opened.
    #[error("the database file {} cannot be opened: {why}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        why: String,
    },
    /// A connection pooler at this address gives nobody a server of their own.
    #[error("{0}: {reason}", reason = NO_SESSION)]
    NoSession(String),
    /// There is no database file.
    #[error(
        "there is no database {}; check --data and --database-url, or create one with `gatebook migrate`",
        .0.display()
    )]
    NotThere(PathBuf),
    /// The database has no tables of ours.
    #[error("the database has no Gatebook tables; check --database-url, or create them with `gatebook migrate`")]
    NotMigrated,
    /// The database's tables are older than this program.
    #[error("the database's tables are older than this program; bring them up to date with `gatebook migrate`")]
    OlderTables,
    /// The database's tables are newer than this program.
    #[error("the database's tables are newer than this program; use the version of gatebook that created them")]
    NewerTables,
    /// The tables could not be brought up to date.
    #[error("the tables could not be brought up to date: {0}")]
    Migration(String),
}

impl StoreError {
    /// Whether the failure is one of reaching the database, rather than of what it holds.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Lost(_) | Self::GivenUp(_))
    }

    /// What is the matter, without saying each time that it is about the database.
    pub fn reason(&self) -> String {
        match self {
            Self::Unavailable(why) | Self::Lost(why) | Self::GivenUp(why) => why.clone(),
            other => other.to_string(),
        }
    }

    /// A database file that cannot be opened, and why.
    pub(super) fn file(path: &Path, why: impl Display) -> Self {
        Self::File {
            path: path.into(),
            why: why.to_string(),
        }
    }

    /// Whether another connection may do better.
    pub(super) fn is_lost(&self) -> bool {
        matches!(self, Self::Lost(_))
    }

    /// The same failure, once more: of a batch, everybody who waits for it hears.
    pub(crate) fn again(&self) -> Self {
        match self {
            Self::Unavailable(why) | Self::Lost(why) | Self::GivenUp(why) => Self::Unavailable(why.clone()),
            other => Self::Refused(other.to_string()),
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let text = error.to_string();
        match error {
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) => Self::Lost(text),
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => Self::Unavailable(text),
            sqlx::Error::Database(_) if is_no_primary(&text) => Self::Lost("the server takes no writes".to_owned()),
            sqlx::Error::Database(database) => Self::of_code(&database.code().unwrap_or_default(), text),
            _ => Self::Refused(text),
        }
    }
}

impl StoreError {
    fn of_code(code: &str, text: String) -> Self {
        match kind_of(code) {
            ErrorKind::Unavailable => Self::Unavailable(text),
            ErrorKind::Lost => Self::Lost(text),
            ErrorKind::GivenUp => Self::GivenUp(text),
            ErrorKind::Refused => Self::Refused(text),
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum ErrorKind {
    Unavailable,
    Lost,
    GivenUp,
    Refused,
}

/// PostgreSQL's codes have five characters (its manual, appendix A), SQLite's are numbers (sqlite.org/rescode.html).
fn kind_of(code: &str) -> ErrorKind {
    if code.len() == 5 && code.is_ascii() {
        return match (&code[..2], code) {
            // Connection failures; ended by an administrator, by a crash, with its database, for idling, or not begun.
            ("08", _) | (_, "57P01" | "57P02" | "57P03" | "57P04" | "57P05" | "25P03") => ErrorKind::Lost,
            // A server that takes no writes (any more), as its own refusal of one shows, or the question that finds out.
            // Another connection may lead to the one that does.
            (_, "25006") => ErrorKind::Lost,
            // Deadlock, serialization: nothing has happened. Others of this class can mean that nobody knows.
            (_, "40001" | "40P01") => ErrorKind::GivenUp,
            // Too little of something, cancelled or shutting down, trouble of its disk, a lock that was not had in time.
            ("40" | "53" | "57" | "58", _) | (_, "55P03") => ErrorKind::Unavailable,
            _ => ErrorKind::Refused,
        };
    }
    match code.parse::<i64>().map(|code| code & 0xff) {
        // Busy, locked, out of memory, read-only (as a disk becomes after trouble), given up after its time, trouble of its
        // disk, disk full, the file cannot be opened, a race for locks.
        Ok(5 | 6 | 7 | 8 | 9 | 10 | 13 | 14 | 15) => ErrorKind::Unavailable,
        _ => ErrorKind::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::{ErrorKind, kind_of};

    #[test]
    fn a_database_that_is_away_is_told_from_one_that_refuses() {
        for (kind, codes) in [
            (
                ErrorKind::Lost,
                &["08006", "57P01", "57P02", "57P03", "57P04", "57P05", "25P03", "25006"][..],
            ),
            (ErrorKind::GivenUp, &["40001", "40P01"]),
            (ErrorKind::Unavailable, &["57014", "53300", "58030", "55P03", "40003"]),
            (
                ErrorKind::Unavailable,
                &["5", "517", "6", "7", "8", "778", "9", "13", "14", "15"],
            ),
            (
                ErrorKind::Refused,
                &["23505", "42P01", "25P02", "2067", "1", "11", "26", ""],
            ),
        ] {
            for code in codes {
                assert_eq!(kind_of(code), kind, "{code}");
            }
        }
    }
}
