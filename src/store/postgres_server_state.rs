//! What a server reports about itself: whether it takes writes, when it started, and its place in the cluster's
//! history.

use std::cmp::Ordering;

use sqlx::postgres::PgConnection;
use sqlx::{Executor, Row};

pub struct ServerState {
    /// True if it is neither a standby nor read-only.
    pub takes_writes: bool,
    /// When it started. This tells it from another server at the same address.
    pub started_at: String,
    /// Its place in the cluster's history. `None` if it takes no writes or does not report it.
    pub lineage: Option<Lineage>,
}

/// A place in a cluster's history. A server that becomes the primary begins a new timeline. So a server that takes
/// writes on an older timeline is a former primary that does not know it was replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lineage {
    /// The cluster's identifier, shared by all servers that were copied from one another.
    cluster: String,
    /// The timeline as in WAL file names: eight hexadecimal digits.
    timeline: String,
}

impl ServerState {
    /// Asks the server for its state.
    ///
    /// # Errors
    /// The server does not answer, or does not know these functions.
    pub async fn asked(connection: &mut PgConnection) -> Result<Self, sqlx::Error> {
        let sql = "select not pg_is_in_recovery() and current_setting('default_transaction_read_only') = 'off', \
                   pg_postmaster_start_time()::text";
        // Not prepared: a prepared statement would fail behind a transaction pooler, which is detected later with a
        // better message.
        let row = connection.fetch_one(sqlx::raw_sql(sql)).await?;
        let (takes_writes, started_at) = (row.try_get(0)?, row.try_get(1)?);
        let lineage = match takes_writes {
            true => lineage(connection).await?,
            false => None,
        };
        Ok(Self {
            takes_writes,
            started_at,
            lineage,
        })
    }
}

/// Servers that only speak PostgreSQL's protocol may have no WAL functions.
async fn lineage(connection: &mut PgConnection) -> Result<Option<Lineage>, sqlx::Error> {
    let sql = "select system_identifier::text, substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) \
               from pg_control_system()";
    match connection.fetch_one(sqlx::raw_sql(sql)).await {
        Ok(row) => Ok(Some(Lineage {
            cluster: row.try_get(0)?,
            timeline: row.try_get(1)?,
        })),
        Err(sqlx::Error::Database(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

impl PartialOrd for Lineage {
    /// Servers of different clusters cannot be compared.
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match self.cluster == other.cluster {
            true => Some(self.timeline.cmp(&other.timeline)),
            false => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Lineage {
        pub fn at(cluster: &str, timeline: &str) -> Self {
            Self {
                cluster: cluster.to_owned(),
                timeline: timeline.to_owned(),
            }
        }
    }

    #[test]
    fn timelines_of_one_cluster_follow_each_other_and_those_of_two_do_not() {
        assert!(Lineage::at("1", "00000009") < Lineage::at("1", "0000000A"));
        assert!(Lineage::at("1", "0000000F") < Lineage::at("1", "00000010"));
        assert_eq!(
            Lineage::at("1", "00000001").partial_cmp(&Lineage::at("2", "00000002")),
            None
        );
    }
}
