//! What a session is told when it begins, and whether it is one.
//!
//! Settings are told by statement and not when connecting: pgbouncer refuses start-up parameters that it does not know.
//! They hold for as long as the connection is the session's own, so a pooler that hands out servers by the transaction is
//! found out at start and refused.

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection, Executor, Row};

/// Why Gatebook does not serve through such a pooler.
pub const NO_SESSION: &str = "a connection pooler hands out its servers by the transaction (pgbouncer's pool_mode = \
     transaction or statement), so that Gatebook's settings, locks and prepared statements would be others'; give \
     Gatebook a pool with pool_mode = session, or connect to PostgreSQL itself";

/// Begins a session: in UTC; a lock that is not had in time is better tried again than waited for; a writer that vanished
/// without a word must not hold the log's lock; what was acknowledged survives a crash of the server, whatever its own
/// settings or the role's say.
const SETTINGS: &str = "set timezone = 'UTC'; set lock_timeout = '10s'; set idle_in_transaction_session_timeout = '60s'; \
     set synchronous_commit = on";

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

/// Whether a pooler stands in between that hands out servers by the transaction or the statement. Two connections that
/// are open at once never have the same server process otherwise, and each always has the same one.
///
/// Prepares nothing: through such a pooler that could fail by itself.
pub async fn is_pooled_by_transaction(first: &mut PgConnection, host: &PgConnectOptions) -> Result<bool, sqlx::Error> {
    let before = server_process(first).await?;
    let mut second = host.connect().await?;
    second.execute(sqlx::raw_sql("begin")).await?;
    let of_second = server_process(&mut second).await?;
    // While the second one holds its server, a pooler has to give the first one another, if it lent it the same.
    let after = server_process(first).await?;
    second.execute(sqlx::raw_sql("rollback")).await?;
    second.close().await?;
    Ok(before == of_second || before != after)
}

async fn server_process(connection: &mut PgConnection) -> Result<i32, sqlx::Error> {
    let row = connection.fetch_one(sqlx::raw_sql("select pg_backend_pid()")).await?;
    row.try_get(0)
}
