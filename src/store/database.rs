//! The trait that both databases implement. Text and numbers go in, text and numbers come out.

use std::time::Instant;

use async_trait::async_trait;
use gatebook_projections::part_search::PartSearch;
use gatebook_projections::sql::{Column, Query, Value};

use super::error::StoreError;
use super::pool_state::PoolState;

/// A database that holds the log and its projections.
#[async_trait]
pub trait Database: Send + Sync {
    /// How its SQL differs.
    fn dialect(&self) -> Dialect;

    /// The rows that answer a query, from committed state, never from a replica.
    async fn rows(&self, query: Query) -> Result<Vec<Vec<Value>>, StoreError>;

    /// The same, on connections that only the gate and the token endpoint use, so that nobody else keeps them waiting; and
    /// in a second or not at all.
    async fn gate_rows(&self, query: Query) -> Result<Vec<Vec<Value>>, StoreError>;

    /// Whether the database is known to be away at this moment; asks nobody.
    ///
    /// # Errors
    /// `Unavailable` with the reason, when it is.
    fn reachable(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// When something last went wrong on the way to the database.
    fn last_trouble(&self) -> Option<Instant> {
        None
    }

    /// Begins a transaction.
    async fn begin(&self, purpose: ConnectionPurpose) -> Result<Box<dyn Transaction>, StoreError>;

    /// Runs the migrations of this database's folder.
    async fn migrate(&self) -> Result<(), StoreError>;

    /// How busy the connections are, a pool each.
    fn connections(&self) -> Vec<PoolState> {
        Vec::new()
    }

    /// Closes all connections, after what is under way.
    async fn close(&self);
}

/// A transaction. Dropped without [`commit`](Transaction::commit), nothing of it has happened.
#[async_trait]
pub trait Transaction: Send {
    /// How its SQL differs.
    fn dialect(&self) -> Dialect;

    /// The rows that answer a query.
    async fn rows(&mut self, query: Query) -> Result<Vec<Vec<Value>>, StoreError>;

    /// Carries out an order; says how many rows it touched.
    async fn execute(&mut self, query: Query) -> Result<u64, StoreError>;

    /// Carries out a script of several statements without arguments.
    async fn script(&mut self, sql: &str) -> Result<(), StoreError>;

    /// Inserts rows, in one round trip; says how many were written.
    async fn insert(
        &mut self,
        table: &str,
        columns: &[Column],
        rows: &[Vec<Value>],
        on_conflict: OnConflict,
    ) -> Result<u64, StoreError>;

    /// Makes it so.
    async fn commit(self: Box<Self>) -> Result<(), StoreError>;
}

/// What a transaction is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionPurpose {
    /// Writing. On SQLite it holds the one write lock from the beginning.
    Write,
    /// Reading one unchanging snapshot.
    Snapshot,
    /// Writing, to see whether it goes through. It keeps nobody who writes from a connection, and may take long.
    Rehearsal,
}

/// What to do with a row whose first column (the key) is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnConflict {
    /// It is an error.
    Fail,
    /// The new row takes its place.
    Replace,
    /// The new row takes its place if it is later by this column.
    ReplaceEarlier(&'static str),
}

/// Where the SQL of the two differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

impl Dialect {
    /// Ends a `select` whose rows nobody else may change until commit. SQLite's one writer needs no words for it.
    pub fn for_update(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " for update",
        }
    }

    /// Ends a `select` of work to claim, passing over what another process is claiming.
    pub fn for_update_skip_locked(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " for update skip locked",
        }
    }

    /// Has a transaction wait for a lock no longer than this. SQLite's one writer has all locks.
    pub fn lock_within(self, limit: &str) -> String {
        match self {
            Self::Sqlite => String::new(),
            Self::Postgres => format!("set local lock_timeout = '{limit}'"),
        }
    }

    /// Gives the locks of a transaction back, and begins another one. SQLite's one writer keeps its lock for a moment longer.
    pub fn restart_transaction(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => "rollback; begin isolation level read committed",
        }
    }

    /// Takes a table for oneself until the transaction ends, readers included. SQLite's one writer has it already.
    pub fn lock_table(self, table: &str) -> String {
        match self {
            Self::Sqlite => String::new(),
            Self::Postgres => format!("lock table {table} in access exclusive mode"),
        }
    }

    /// A `select` that has a row when there is a table with the name in `placeholder`.
    pub fn table_exists(self, placeholder: &str) -> String {
        match self {
            Self::Sqlite => format!("select name from sqlite_master where type = 'table' and name = {placeholder}"),
            Self::Postgres => format!("select {placeholder} where to_regclass({placeholder}) is not null"),
        }
    }

    /// A `select` of one column `id` with the texts of a JSON list.
    pub fn list(self, placeholder: &str) -> String {
        match self {
            Self::Sqlite => format!("select value as id from json_each({placeholder})"),
            Self::Postgres => format!("select json_array_elements_text({placeholder}::json) as id"),
        }
    }

    /// A JSON list of the values in a column, as text; an empty one of no rows.
    pub fn json_list(self, column: &str) -> String {
        match self {
            Self::Sqlite => format!("json_group_array({column})"),
            Self::Postgres => format!("coalesce(json_agg({column}), '[]')::text"),
        }
    }

    /// How rows are found whose text contains a part.
    pub fn part_search(self) -> PartSearch {
        match self {
            Self::Sqlite => PartSearch::RowByRow,
            Self::Postgres => PartSearch::ByIndex,
        }
    }
}

/// The end of an `insert` of rows with these columns.
pub(super) fn on_conflict_clause(table: &str, columns: &[Column], on_conflict: OnConflict) -> String {
    let Some((key, rest)) = columns.split_first() else {
        return String::new();
    };
    let sets: Vec<_> = rest
        .iter()
        .map(|column| format!("{0} = excluded.{0}", column.name))
        .collect();
    let replace = format!(" on conflict ({}) do update set {}", key.name, sets.join(", "));
    match on_conflict {
        OnConflict::Fail => String::new(),
        OnConflict::Replace => replace,
        OnConflict::ReplaceEarlier(column) => format!("{replace} where {table}.{column} < excluded.{column}"),
    }
}
