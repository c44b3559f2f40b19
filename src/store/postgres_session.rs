//! What a session is told when it begins, and whether it is one.
//!
//! Settings are told by statement and not when connecting: pgbouncer refuses start-up parameters that it does not know.
//! They hold for as long as the connection is the session's own, so a pooler that hands out servers by the transaction is
//! found out at start and refused.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection, Executor, Row};
use tokio::time::timeout;

use super::error::StoreError;
use super::postgres_troubles::{no_answer, trouble};
use super::postgres_url::postgres_address;

/// Why Gatebook does not serve through such a pooler.
pub const NO_SESSION: &str = "a connection pooler hands out its servers by the transaction (pgbouncer's pool_mode = \
     transaction or statement), so that Gatebook's settings, locks and prepared statements would be others'; give \
     Gatebook a pool with pool_mode = session, or connect to PostgreSQL itself";

/// Begins a session.
///
/// In UTC. A lock that is not had in time is better tried again than waited for. A writer that vanished without a word must
/// not hold the log's lock. What was acknowledged survives a crash of the server, whatever its own settings or the role's
/// say. Firewalls forget connections that are idle, and a server must notice nodes that are gone; what comes from the server
/// every minute keeps both ends known.
const SETTINGS: &str = "set timezone = 'UTC'; set lock_timeout = '10s'; set idle_in_transaction_session_timeout = '60s'; \
     set synchronous_commit = on; set tcp_keepalives_idle = 60; set tcp_keepalives_interval = 10; \
     set tcp_keepalives_count = 6";

/// Tells a connection that was just made what holds for all its statements, in one round trip.
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

/// Makes sure that a connection has a server of its own, and gives it back.
///
/// # Errors
/// `NoSession` when a pooler hands servers out by the transaction; `Unavailable` when no second connection can be had.
pub async fn require_session(
    mut first: PgConnection,
    host: &PgConnectOptions,
    limit: Duration,
) -> Result<PgConnection, StoreError> {
    match timeout(limit, is_pooled_by_transaction(&mut first, host)).await {
        Ok(Ok(false)) => Ok(first),
        Ok(Ok(true)) => Err(StoreError::NoSession(postgres_address(host))),
        Ok(Err(error)) => Err(StoreError::Unavailable(trouble(host, &error))),
        Err(_) => Err(StoreError::Unavailable(no_answer(host))),
    }
}

/// Whether a pooler stands in between that hands out servers by the transaction or the statement. Otherwise each connection
/// always has the same server process, and two that are open at once never have the same one.
///
/// Prepares nothing, and changes no setting: through such a pooler the one could fail, and the other would be somebody
/// else's.
async fn is_pooled_by_transaction(first: &mut PgConnection, host: &PgConnectOptions) -> Result<bool, sqlx::Error> {
    // A pooler that gives its servers in turn shows here.
    let (before, again) = (server_process(first).await?, server_process(first).await?);
    let mut second = host.connect().await?;
    // One that gives the last one first shows here: it gives this one, which the first one has just had.
    second.execute(sqlx::raw_sql("begin")).await?;
    let of_second = server_process(&mut second).await?;
    // And while the second one holds it, the first one has to be given another.
    let after = server_process(first).await?;
    second.execute(sqlx::raw_sql("rollback")).await?;
    second.close().await?;
    Ok(before == of_second || before != again || before != after)
}

async fn server_process(connection: &mut PgConnection) -> Result<i32, sqlx::Error> {
    let row = connection.fetch_one(sqlx::raw_sql("select pg_backend_pid()")).await?;
    row.try_get(0)
}
