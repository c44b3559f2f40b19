//! Several hosts are looked at once a second, all of them: where one has become the primary, the one before may not know it,
//! and answers as of then for as long as it is let. That shows nowhere else, as long as it answers.

use std::time::Duration;

use futures::future::join_all;
use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use tokio::time::{sleep, timeout};

use super::postgres_reach::Reach;
use super::postgres_server_state::ServerState;

/// The time between two looks.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);
/// Whoever says nothing for as long is looked at the next time. Short, because the others are waited for.
const PATIENCE: Duration = Duration::from_secs(1);

/// Tells `reach` of every server that takes writes. Never ends where there are several hosts; drop it.
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

/// What a host says, if it does; on the connection from the look before, if that is still open.
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
