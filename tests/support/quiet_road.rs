//! A road to a PostgreSQL on which everything comes to a standstill: connections stay open, and nothing gets
//! through. That is how a lost network looks from here, and a server that froze.

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A proxy that can hush. It ends with the test.
pub struct QuietRoad {
    address: String,
    server: String,
    state: watch::Sender<State>,
}

/// Connections are numbered as they come; those up to `lost` never hear of anybody again.
#[derive(Default)]
struct State {
    quiet: bool,
    accepted: u64,
    lost: u64,
}

impl State {
    fn lets_through(&self, number: u64) -> bool {
        !self.quiet && number > self.lost
    }
}

impl QuietRoad {
    /// A road to the server of a database URL.
    pub async fn to(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let server = url.rsplit_once('@').unwrap().1.split_once('/').unwrap().0.to_owned();
        let (state, _) = watch::channel(State::default());
        tokio::spawn(accept(listener, server.clone(), state.clone()));
        Self { address, server, state }
    }

    /// A URL of that server that leads through here.
    pub fn through(&self, url: &str) -> String {
        url.replace(&self.server, &self.address)
    }

    /// How many connections were asked for so far.
    pub fn connections(&self) -> u64 {
        self.state.borrow().accepted
    }

    /// From now on nothing gets through.
    pub fn hush(&self) {
        self.state.send_modify(|state| state.quiet = true);
    }

    /// What was sent meanwhile arrives.
    pub fn resume(&self) {
        self.state.send_modify(|state| state.quiet = false);
    }

    /// New connections get through; on those that there are, it stays quiet for ever, as after a failover.
    pub fn resume_elsewhere(&self) {
        self.state.send_modify(|state| {
            state.lost = state.accepted;
            state.quiet = false;
        });
    }
}

async fn accept(listener: TcpListener, server: String, state: watch::Sender<State>) {
    while let Ok((client, _)) = listener.accept().await {
        let mut number = 0;
        state.send_modify(|state| {
            state.accepted += 1;
            number = state.accepted;
        });
        tokio::spawn(forward(state.subscribe(), number, client, server.clone()));
    }
}

async fn forward(mut state: watch::Receiver<State>, number: u64, mut client: TcpStream, server: String) -> Option<()> {
    state.wait_for(|state| state.lets_through(number)).await.ok()?;
    let mut server = TcpStream::connect(server).await.ok()?;
    let mut copied = std::pin::pin!(copy_bidirectional(&mut client, &mut server));
    loop {
        state.wait_for(|state| state.lets_through(number)).await.ok()?;
        tokio::select! {
            biased;
            _ = state.wait_for(|state| !state.lets_through(number)) => {}
            _ = &mut copied => return None,
        }
    }
}
