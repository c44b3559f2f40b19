//! Watches all hosts, once a second, if there are several. After a failover the old primary may not know that it was
//! replaced and still answer from old state; nothing else would reveal that.

use std::time::Duration;

use futures::future::join_all;
use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use tokio::time::{sleep, timeout};

use super::postgres_reach::Reach;
use super::postgres_server_state::ServerState;

const BETWEEN_LOOKS: Duration = Duration::from_secs(1);
/// How long to wait for one host's answer. Short, because each round waits for the slowest host.
const PATIENCE: Duration = Duration::from_secs(1);

/// Reports every server that takes writes to `reach`. With several hosts it never returns; drop it to stop it.
pub async fn watch_all(hosts: &[PgConnectOptions], reach: &Reach) {
    if hosts.len() < 2 {
        return;
    }
    let mut connections: Vec<Option<PgConnection>> = hosts.iter().map(|_| None).collect();
    loop {
        sleep(BETWEEN_LOOKS).await;
        let looks = hosts.iter().zip(&mut connections).map(|(host, open)| look(host, open));
        for server in join_all(looks).await.into_iter().flatten() {
            reach.notices(&server);
        }
    }
}

/// Asks one host for its state. Reuses the connection of the previous round if it is still open.
async fn look(host: &PgConnectOptions, open: &mut Option<PgConnection>) -> Option<ServerState> {
    let asking = async {
        let mut connection = match open.take() {
            Some(connection) => connection,
            None => host.connect().await.ok()?,
        };
        let server = ServerState::asked(&mut connection).await.ok()?;
        *open = Some(connection);
        Some(server)
    };
    timeout(PATIENCE, asking).await.ok().flatten()
}
