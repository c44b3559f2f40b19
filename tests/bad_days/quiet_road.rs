//! A road to the test PostgreSQL on which everything comes to a standstill: connections stay open, and nothing gets
//! through. That is how a lost network looks from here, and a server that froze.

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::support::database::postgres_server;

/// A proxy that can hush. It ends with the test.
pub struct QuietRoad {
    address: String,
    server: String,
    quiet: watch::Sender<bool>,
}

impl QuietRoad {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let url = postgres_server();
        let server = url.rsplit_once('@').unwrap().1.split_once('/').unwrap().0.to_owned();
        let (quiet, watching) = watch::channel(false);
        tokio::spawn(accept(listener, server.clone(), watching));
        Self { address, server, quiet }
    }

    /// A URL of the run's private PostgreSQL that leads through here.
    pub fn through(&self, url: &str) -> String {
        url.replace(&self.server, &self.address)
    }

    /// From now on nothing gets through.
    pub fn hush(&self) {
        self.quiet.send_replace(true);
    }

    /// What was sent meanwhile arrives.
    pub fn resume(&self) {
        self.quiet.send_replace(false);
    }
}

async fn accept(listener: TcpListener, server: String, quiet: watch::Receiver<bool>) {
    while let Ok((client, _)) = listener.accept().await {
        tokio::spawn(forward(quiet.clone(), client, server.clone()));
    }
}

async fn forward(mut quiet: watch::Receiver<bool>, mut client: TcpStream, server: String) -> Option<()> {
    quiet.wait_for(|quiet| !*quiet).await.ok()?;
    let mut server = TcpStream::connect(server).await.ok()?;
    let mut copied = std::pin::pin!(copy_bidirectional(&mut client, &mut server));
    loop {
        quiet.wait_for(|quiet| !*quiet).await.ok()?;
        tokio::select! {
            biased;
            _ = quiet.wait_for(|quiet| *quiet) => {}
            _ = &mut copied => return None,
        }
    }
}
