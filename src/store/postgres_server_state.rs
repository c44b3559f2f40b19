//! What a server says of itself: whether it takes writes, which one it is, and how new.

use std::cmp::Ordering;

use sqlx::postgres::PgConnection;
use sqlx::{Executor, Row};

/// What a server said of itself.
pub struct ServerState {
    /// Whether it takes writes: it is neither a standby nor read-only.
    pub takes_writes: bool,
    /// When it was started, by which it is told from another one at the same address.
    pub started_at: String,
    /// Where it stands in the history of its cluster; nothing if it takes no writes, or does not say.
    pub lineage: Option<Lineage>,
}

/// A place in a cluster's history. A server that becomes the primary begins a new timeline, so one that takes writes on an
/// older one was the primary before, and does not know yet that it is no longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lineage {
    /// The cluster's identifier, which all servers share that were copied from one another.
    cluster: String,
    /// The timeline as the names of WAL files begin with it: eight hexadecimal digits.
    timeline: String,
}

impl ServerState {
    /// Asks the server at the other end.
    ///
    /// # Errors
    /// It does not answer, or is no server of its own kind.
    pub async fn asked(connection: &mut PgConnection) -> Result<Self, sqlx::Error> {
        let sql = "select not pg_is_in_recovery() and current_setting('default_transaction_read_only') = 'off', \
                   pg_postmaster_start_time()::text";
        // Not prepared: that fails by itself where connections share a server, which is found out later.
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

/// Servers that only speak PostgreSQL's language may know nothing of its log.
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
    /// Servers of different clusters are neither older nor newer.
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
        /// A place in the history of a cluster.
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
