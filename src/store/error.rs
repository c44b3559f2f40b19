//! Errors of the store, as far as callers have to tell them apart. Each keeps the driver's error as its source.

use std::borrow::Cow;
use std::error::Error;
use std::path::{Path, PathBuf};

use gatebook_projections::recorded::UnreadableEvent;
use gatebook_projections::sql::RowError;
use thiserror::Error;

use super::cause::Cause;
use super::postgres_guard::is_no_primary;
use super::postgres_url_error::PostgresUrlError;

/// Why Gatebook refuses to work through such a pooler.
pub const NO_SESSION: &str = "a connection pooler hands out its servers by the transaction (pgbouncer's pool_mode = \
     transaction or statement), so that Gatebook's settings, locks and prepared statements would be others'; give \
     Gatebook a pool with pool_mode = session, or connect to PostgreSQL itself";

/// A failure of the store. No variant means that a command was half done. Clones go to everybody who waited for the same
/// batch.
#[derive(Clone, Debug, Error)]
pub enum StoreError {
    /// The database cannot be reached, is shutting down, or is too busy. Trying again later may help.
    #[error("the database is unavailable: {0}")]
    Unavailable(#[source] Cause),
    /// The connection to the database ended. A new one may work at once.
    #[error("the connection to the database was lost: {0}")]
    Lost(#[source] Cause),
    /// The database ended this transaction because it conflicted with another. Repeating it at once helps.
    #[error("the database chose another transaction: {0}")]
    GivenUp(#[source] Cause),
    /// The database refused a statement: a bug, or somebody changed its tables.
    #[error("the database refused: {0}")]
    Database(#[source] Cause),
    /// What was read, or was to be written, contradicts what this program takes for granted: a bug, or somebody changed
    /// the tables.
    #[error("{0}")]
    Internal(#[source] Cause),
    #[error(transparent)]
    Unreadable(#[from] UnreadableEvent),
    #[error(transparent)]
    Row(#[from] RowError),
    #[error("a database URL begins with sqlite:// or postgres://")]
    BadUrl,
    #[error(transparent)]
    PostgresUrl(#[from] PostgresUrlError),
    /// A SQLite URL that names no file, or has an unknown parameter.
    #[error("{0}")]
    BadSqliteUrl(String),
    #[error("the database file {} cannot be opened: {why}", path.display())]
    File {
        path: PathBuf,
        /// The error of the system or of SQLite.
        #[source]
        why: Cause,
    },
    /// The connection pooler at this address gives clients no server session of their own.
    #[error("{0}: {reason}", reason = NO_SESSION)]
    NoSession(String),
    #[error(
        "there is no database {}; check --data and --database-url, or create one with `gatebook migrate`",
        .0.display()
    )]
    NotThere(PathBuf),
    /// The database has no tables of ours.
    #[error("the database has no Gatebook tables; check --database-url, or create them with `gatebook migrate`")]
    NotMigrated,
    #[error("the database's tables are older than this program; bring them up to date with `gatebook migrate`")]
    OlderTables,
    /// The database's tables are newer than this program.
    #[error("the database's tables are newer than this program; use the version of gatebook that created them")]
    NewerTables,
    #[error("the tables could not be brought up to date: {0}")]
    Migration(#[source] Cause),
}

impl StoreError {
    /// The database cannot be used at the moment, for this reason.
    pub fn unavailable(cause: impl Into<Cause>) -> Self {
        Self::Unavailable(cause.into())
    }

    /// The connection ended, for this reason.
    pub fn lost(cause: impl Into<Cause>) -> Self {
        Self::Lost(cause.into())
    }

    /// Something does not add up that this program takes for granted.
    pub fn internal(cause: impl Into<Cause>) -> Self {
        Self::Internal(cause.into())
    }

    pub(super) fn file(path: &Path, why: impl Into<Cause>) -> Self {
        Self::File {
            path: path.into(),
            why: why.into(),
        }
    }

    /// Whether the database could not be reached, as opposed to an error in its contents.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Lost(_) | Self::GivenUp(_))
    }

    /// Whether a new connection may succeed.
    pub(super) fn is_lost(&self) -> bool {
        matches!(self, Self::Lost(_))
    }

    /// The cause alone, for sentences that already say that the database is meant.
    pub fn reason(&self) -> String {
        match self {
            Self::Unavailable(why) | Self::Lost(why) | Self::GivenUp(why) => why.to_string(),
            other => other.to_string(),
        }
    }

    /// The database's own code of the error: five characters of PostgreSQL (SQLSTATE), or a number of SQLite.
    pub fn sqlstate(&self) -> Option<Cow<'_, str>> {
        let mut next: Option<&(dyn Error + 'static)> = Some(self);
        while let Some(error) = next {
            if let Some(sqlx::Error::Database(database)) = error.downcast_ref() {
                return database.code();
            }
            next = error.source();
        }
        None
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) => Self::lost(error),
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
                Self::unavailable(error)
            }
            sqlx::Error::Database(_) if is_no_primary(&error.to_string()) => {
                Self::lost(Cause::explained("the server takes no writes", error))
            }
            sqlx::Error::Database(database) => match kind_of(&database.code().unwrap_or_default()) {
                ErrorKind::Unavailable => Self::unavailable(error),
                ErrorKind::Lost => Self::lost(error),
                ErrorKind::GivenUp => Self::GivenUp(error.into()),
                ErrorKind::Refused => Self::Database(error.into()),
            },
            _ => Self::internal(error),
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

/// PostgreSQL's codes have five characters (manual, appendix A); SQLite's are numbers (sqlite.org/rescode.html).
fn kind_of(code: &str) -> ErrorKind {
    if code.len() == 5 && code.is_ascii() {
        return match (&code[..2], code) {
            // Connection failures, and sessions ended by an administrator, a crash, dropping the database or idling, or
            // not started.
            ("08", _) | (_, "57P01" | "57P02" | "57P03" | "57P04" | "57P05" | "25P03") => ErrorKind::Lost,
            // The server takes no writes: its own error for a write, or the error that our check provokes. A new
            // connection may lead to the primary.
            (_, "25006") => ErrorKind::Lost,
            // Deadlock or serialization failure: nothing was written. Other codes of class 40 can leave the outcome
            // unknown.
            (_, "40001" | "40P01") => ErrorKind::GivenUp,
            // Out of resources, cancelled or shutting down, disk errors, lock timeout.
            ("40" | "53" | "57" | "58", _) | (_, "55P03") => ErrorKind::Unavailable,
            _ => ErrorKind::Refused,
        };
    }
    match code.parse::<i64>().map(|code| code & 0xff) {
        // Busy, locked, out of memory, read-only (as disks become after errors), interrupted at its time limit, disk
        // error, disk full, file cannot be opened, lock race.
        Ok(5 | 6 | 7 | 8 | 9 | 10 | 13 | 14 | 15) => ErrorKind::Unavailable,
        _ => ErrorKind::Refused,
    }
}

#[cfg(test)]
mod tests {
    use gatebook_projections::sql::Query;

    use super::{ErrorKind, StoreError, kind_of};
    use crate::store;
    use crate::store::on_both_databases::{On, on_both_databases};

    on_both_databases!(what_the_database_says_is_kept_with_its_code);

    async fn what_the_database_says_is_kept_with_its_code(on: On) {
        let folder = tempfile::tempdir().unwrap();
        let database = store::open(&on.new_database(&folder).await).await.unwrap();
        let refused = database.rows(Query::new("select x from nowhere", [])).await;
        let error = refused.unwrap_err().clone();
        assert!(matches!(error, StoreError::Database(_)), "{error:?}");
        let code = match on {
            On::Sqlite => "1",
            On::Postgres => "42P01",
        };
        assert_eq!(error.sqlstate().as_deref(), Some(code));
        database.close().await;
    }

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
