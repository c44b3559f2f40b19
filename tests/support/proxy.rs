//! A road to the test PostgreSQL that can be cut and mended, for stories about a database that is away.

use std::net::SocketAddr;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::database::postgres_server;

/// A proxy on a free port of loopback. It ends with the test.
pub struct Proxy {
    address: SocketAddr,
    /// How often the road was cut or mended; odd while it is cut.
    road: watch::Sender<u64>,
}

impl Proxy {
    /// Starts forwarding to the run's private PostgreSQL.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (road, watching) = watch::channel(0);
        tokio::spawn(accept(listener, server_of(&postgres_server()), watching));
        Self { address, road }
    }

    /// A URL of the run's private PostgreSQL that leads through here.
    pub fn through(&self, url: &str) -> String {
        url.replace(&server_of(url), &self.address.to_string())
    }

    /// Closes all connections and, until it is mended, every new one at once. When this returns, nothing gets through.
    pub async fn cut(&self) {
        self.road.send_modify(|times| *times += times.is_multiple_of(2) as u64);
        // Each connection holds a receiver until it has been closed, and the listener holds one.
        while self.road.receiver_count() > 1 {
            tokio::task::yield_now().await;
        }
    }

    /// Lets new connections through again.
    pub fn mend(&self) {
        self.road.send_modify(|times| *times += *times % 2);
    }
}

async fn accept(listener: TcpListener, server: String, road: watch::Receiver<u64>) {
    while let Ok((client, _)) = listener.accept().await {
        let since = *road.borrow();
        if since.is_multiple_of(2) {
            tokio::spawn(forward(road.clone(), since, client, server.clone()));
        }
    }
}

/// The receiver comes first, so that it is dropped last.
async fn forward(mut road: watch::Receiver<u64>, since: u64, mut client: TcpStream, server: String) {
    let Ok(mut server) = TcpStream::connect(server).await else {
        return;
    };
    tokio::select! {
        _ = road.wait_for(|times| *times != since) => {}
        _ = copy_bidirectional(&mut client, &mut server) => {}
    }
}

/// `HOST:PORT` of a database's URL.
fn server_of(url: &str) -> String {
    let (_, rest) = url.split_once("://").unwrap();
    let (authority, _) = rest.split_once('/').unwrap();
    authority
        .rsplit_once('@')
        .map_or(authority, |(_, server)| server)
        .to_owned()
}
