//! The trait that both databases implement. Values are text and numbers.

use std::time::Instant;

use async_trait::async_trait;
use gatebook_projections::part_search::PartSearch;
use gatebook_projections::sql::{Column, ColumnKind, Query, Value};

use super::error::StoreError;
use super::pool_state::PoolState;

/// A database that holds the log and its projections.
#[async_trait]
pub trait Database: Send + Sync {
    fn dialect(&self) -> Dialect;

    /// Runs a query on committed state. Never on a replica, unless the database was opened with `Server::Any`.
    async fn rows(&self, query: Query) -> Result<Vec<Vec<Value>>, StoreError>;

    /// Like `rows`, on connections reserved for the gate and the token endpoint, so that other queries cannot delay
    /// them. It answers within a second or fails.
    async fn gate_rows(&self, query: Query) -> Result<Vec<Vec<Value>>, StoreError>;

    /// Where the commits of others stand, if that costs less than a query: while it stays equal, nothing was committed.
    /// `None` if only a query tells.
    async fn commits_seen(&self) -> Result<Option<CommitsSeen>, StoreError> {
        Ok(None)
    }

    /// Whether the database is known to be unreachable right now. Does not ask the server.
    ///
    /// # Errors
    /// `Unavailable`, with the reason.
    fn reachable(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// When a connection last failed, or led to the wrong server.
    fn last_trouble(&self) -> Option<Instant> {
        None
    }

    async fn begin(&self, purpose: ConnectionPurpose) -> Result<Box<dyn Transaction>, StoreError>;

    /// Begins a transaction with a question without arguments, on PostgreSQL in the same round trip.
    async fn begin_with(
        &self,
        purpose: ConnectionPurpose,
        question: &str,
    ) -> Result<(Box<dyn Transaction>, Vec<Vec<Value>>), StoreError> {
        let mut transaction = self.begin(purpose).await?;
        let rows = transaction.rows(Query::new(question, [])).await?;
        Ok((transaction, rows))
    }

    /// Runs the migrations for this kind of database.
    async fn migrate(&self) -> Result<(), StoreError>;

    /// How busy each connection pool is.
    fn connections(&self) -> Vec<PoolState> {
        Vec::new()
    }

    /// Closes all connections after the work in progress.
    async fn close(&self);
}

/// Where the commits of others stood when one connection looked. Another connection counts differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommitsSeen {
    /// Which connection looked, counted from the start of the process.
    pub(super) connection: u64,
    /// SQLite's `data_version` on it.
    pub(super) data_version: i64,
}

/// A transaction. Dropping it without [`commit`](Transaction::commit) rolls it back.
#[async_trait]
pub trait Transaction: Send {
    fn dialect(&self) -> Dialect;

    async fn rows(&mut self, query: Query) -> Result<Vec<Vec<Value>>, StoreError>;

    /// Runs a statement and returns the number of rows it affected.
    async fn execute(&mut self, query: Query) -> Result<u64, StoreError>;

    /// Runs several statements without arguments.
    async fn script(&mut self, sql: &str) -> Result<(), StoreError>;

    /// Inserts rows, on PostgreSQL in one round trip, and returns how many were written.
    async fn insert(
        &mut self,
        table: &str,
        columns: &[Column],
        rows: &[Vec<Value>],
        on_conflict: OnConflict,
    ) -> Result<u64, StoreError>;

    /// Deletes the rows with these keys, on PostgreSQL in one round trip, and returns how many there were.
    async fn delete(&mut self, table: &str, keys: &[Column], rows: &[Vec<Value>]) -> Result<u64, StoreError>;

    /// Deletes and inserts all of these, and runs a statement afterwards; on PostgreSQL in one round trip. No row that is
    /// deleted is inserted again.
    async fn write_all(&mut self, deletes: Vec<Delete>, inserts: Vec<Insert>, then: Query) -> Result<(), StoreError> {
        for Delete { table, keys, rows } in deletes {
            self.delete(table, keys, &rows).await?;
        }
        for insert in inserts {
            let Insert {
                table,
                columns,
                rows,
                on_conflict,
            } = insert;
            self.insert(table, columns, &rows, on_conflict).await?;
        }
        self.execute(then).await.map(drop)
    }

    async fn commit(self: Box<Self>) -> Result<(), StoreError>;
}

/// Rows for a table.
pub struct Insert {
    pub table: &'static str,
    pub columns: &'static [Column],
    pub rows: Vec<Vec<Value>>,
    pub on_conflict: OnConflict,
}

/// The keys of rows to delete.
pub struct Delete {
    pub table: &'static str,
    pub keys: &'static [Column],
    pub rows: Vec<Vec<Value>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionPurpose {
    /// Writing. On SQLite the transaction holds the one write lock from the start.
    Write,
    /// Reading from one unchanging snapshot.
    Snapshot,
    /// Testing whether a commit succeeds. It may take long, so it never uses a connection that writers need.
    Rehearsal,
}

/// What to do when a row with the same key, usually the first column, exists already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnConflict {
    /// Return an error.
    Fail,
    /// Replace the old row.
    Replace,
    /// Replace the old row, in a table whose key is its first two columns.
    ReplacePair,
    /// Replace the old row if its value in this column is smaller.
    ReplaceEarlier(&'static str),
    /// Add to the old row, in a table whose key is so many of its first columns: numbers are added, and of two texts the
    /// later stays. A row that is all key stays as it is.
    Add(usize),
}

/// The differences between the two kinds of SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    Sqlite,
    Postgres,
}

impl Dialect {
    /// Ends a `select` to lock its rows until the transaction ends. SQLite's one writer needs no row locks.
    pub fn for_update(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " for update",
        }
    }

    /// Ends a `select` that claims work, to skip rows that another process is claiming.
    pub fn for_update_skip_locked(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " for update skip locked",
        }
    }

    /// Limits how long the transaction waits for a lock. SQLite's one writer has all locks already.
    pub fn lock_within(self, limit: &str) -> String {
        match self {
            Self::Sqlite => String::new(),
            Self::Postgres => format!("set local lock_timeout = '{limit}'"),
        }
    }

    /// Ends the transaction to release its locks and begins another. SQLite's one writer keeps its lock a moment
    /// longer.
    pub fn restart_transaction(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => "rollback; begin isolation level read committed",
        }
    }

    /// Locks a table against readers and writers until the transaction ends. SQLite's one writer has it already.
    pub fn lock_table(self, table: &str) -> String {
        match self {
            Self::Sqlite => String::new(),
            Self::Postgres => format!("lock table {table} in access exclusive mode"),
        }
    }

    /// A `select` that returns a row if the table named in `placeholder` exists.
    pub fn table_exists(self, placeholder: &str) -> String {
        match self {
            Self::Sqlite => format!("select name from sqlite_master where type = 'table' and name = {placeholder}"),
            Self::Postgres => format!("select {placeholder} where to_regclass({placeholder}) is not null"),
        }
    }

    /// A `select` that returns the texts of a JSON list in one column, `id`.
    pub fn list(self, placeholder: &str) -> String {
        match self {
            Self::Sqlite => format!("select value as id from json_each({placeholder})"),
            Self::Postgres => format!("select json_array_elements_text({placeholder}::json) as id"),
        }
    }

    /// Collects the values of a column into a JSON list, as text. No rows give an empty list.
    pub fn json_list(self, column: &str) -> String {
        match self {
            Self::Sqlite => format!("json_group_array({column})"),
            Self::Postgres => format!("coalesce(json_agg({column}), '[]')::text"),
        }
    }

    /// Makes a JSON list of these columns, as text.
    pub fn json_row(self, columns: &str) -> String {
        match self {
            Self::Sqlite => format!("json_array({columns})"),
            Self::Postgres => format!("json_build_array({columns})::text"),
        }
    }

    /// How to find rows whose text contains a given part.
    pub fn part_search(self) -> PartSearch {
        match self {
            Self::Sqlite => PartSearch::RowByRow,
            Self::Postgres => PartSearch::ByIndex,
        }
    }
}

/// What becomes of a column to which another row is added.
fn added(table: &str, Column { name, kind, .. }: &Column) -> String {
    match kind {
        ColumnKind::Int => format!("{name} = {table}.{name} + excluded.{name}"),
        ColumnKind::Text | ColumnKind::Json => {
            format!("{name} = case when excluded.{name} > {table}.{name} then excluded.{name} else {table}.{name} end")
        }
    }
}

/// The `on conflict` clause of an `insert` with these columns.
pub(super) fn on_conflict_clause(table: &str, columns: &[Column], on_conflict: OnConflict) -> String {
    let number_of_keys = match on_conflict {
        OnConflict::Fail => return String::new(),
        OnConflict::Replace | OnConflict::ReplaceEarlier(_) => 1,
        OnConflict::ReplacePair => 2,
        OnConflict::Add(number_of_keys) => number_of_keys,
    };
    let Some((keys, rest)) = columns.split_at_checked(number_of_keys) else {
        return String::new();
    };
    let keys: Vec<_> = keys.iter().map(|column| column.name).collect();
    let sets: Vec<_> = rest
        .iter()
        .map(|column| format!("{0} = excluded.{0}", column.name))
        .collect();
    let replace = format!(" on conflict ({}) do update set {}", keys.join(", "), sets.join(", "));
    match on_conflict {
        OnConflict::Fail => String::new(),
        OnConflict::Add(_) if rest.is_empty() => format!(" on conflict ({}) do nothing", keys.join(", ")),
        OnConflict::Add(_) => {
            let added: Vec<_> = rest.iter().map(|column| added(table, column)).collect();
            format!(" on conflict ({}) do update set {}", keys.join(", "), added.join(", "))
        }
        OnConflict::Replace | OnConflict::ReplacePair => replace,
        OnConflict::ReplaceEarlier(column) => format!("{replace} where {table}.{column} < excluded.{column}"),
    }
}
