//! The settings of each session, and the check that a connection is a session of its own.
//!
//! Settings are sent as statements, because pgbouncer refuses unknown start-up parameters. They last only if the
//! connection keeps its server, so a pooler in transaction mode is detected at start and refused.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection, Executor, Row};
use tokio::time::timeout;

use super::cause::Cause;
use super::error::StoreError;
use super::postgres_troubles::{no_answer, trouble};
use super::postgres_url::postgres_address;

/// The settings of a session:
///
/// UTC. A short lock timeout, because trying again is better than waiting. An idle timeout, so that a writer that
/// disappears does not keep the log's lock. Synchronous commits, so that acknowledged writes survive a crash whatever
/// the server's or the role's own settings. Keepalives every minute, so that firewalls do not forget idle connections
/// and the server notices dead nodes.
const SETTINGS: &str = "set timezone = 'UTC'; set lock_timeout = '10s'; set idle_in_transaction_session_timeout = '60s'; \
     set synchronous_commit = on; set tcp_keepalives_idle = 60; set tcp_keepalives_interval = 10; \
     set tcp_keepalives_count = 6";

/// Applies the settings to a new connection, in one round trip.
pub async fn begin_session(
    connection: &mut PgConnection,
    statement_timeout: Option<&'static str>,
) -> Result<(), sqlx::Error> {
    let settings = match statement_timeout {
        Some(limit) => format!("{SETTINGS}; set statement_timeout = '{limit}'"),
        None => SETTINGS.to_owned(),
    };
    connection.execute(sqlx::raw_sql(&settings)).await?;
    Ok(())
}

/// Checks that a connection has a server of its own, and returns it.
///
/// # Errors
/// `NoSession` if a pooler shares servers between transactions; `Unavailable` if the check needs a second connection
/// and gets none.
pub async fn require_session(
    mut first: PgConnection,
    host: &PgConnectOptions,
    limit: Duration,
) -> Result<PgConnection, StoreError> {
    match timeout(limit, is_pooled_by_transaction(&mut first, host)).await {
        Ok(Ok(false)) => Ok(first),
        Ok(Ok(true)) => Err(StoreError::NoSession(postgres_address(host))),
        Ok(Err(error)) => Err(StoreError::unavailable(Cause::explained(trouble(host, &error), error))),
        Err(_) => Err(StoreError::unavailable(no_answer(host))),
    }
}

/// Whether a pooler assigns servers per transaction or per statement. Without one, a connection keeps its server
/// process, and two open connections never share one.
///
/// It prepares nothing and changes no setting: through such a pooler the first could fail, and the second would affect
/// other clients.
async fn is_pooled_by_transaction(first: &mut PgConnection, host: &PgConnectOptions) -> Result<bool, sqlx::Error> {
    // Reveals a pooler that assigns its servers in rotation.
    let (before, again) = (server_process(first).await?, server_process(first).await?);
    let mut second = host.connect().await?;
    // Reveals a pooler that assigns the last used server first: `second` gets the one that `first` just had.
    second.execute(sqlx::raw_sql("begin")).await?;
    let of_second = server_process(&mut second).await?;
    // While `second` holds that server, `first` must get another one.
    let after = server_process(first).await?;
    second.execute(sqlx::raw_sql("rollback")).await?;
    second.close().await?;
    Ok(before == of_second || before != again || before != after)
}

async fn server_process(connection: &mut PgConnection) -> Result<i32, sqlx::Error> {
    let row = connection.fetch_one(sqlx::raw_sql("select pg_backend_pid()")).await?;
    row.try_get(0)
}
