//! An address that leads to one server now and to another one later, as the virtual address of a cluster does. What is
//! connected stays where it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

pub struct MovingAddress {
    pub port: u16,
    target: Arc<AtomicU16>,
}

impl MovingAddress {
    /// An address that leads to a port of loopback. It ends with the test.
    pub async fn leading_to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (own, target) = (listener.local_addr().unwrap().port(), Arc::new(AtomicU16::new(port)));
        tokio::spawn(accept(listener, target.clone()));
        Self { port: own, target }
    }

    /// From now on new connections are led to another port.
    pub fn move_to(&self, port: u16) {
        self.target.store(port, Ordering::SeqCst);
    }
}

async fn accept(listener: TcpListener, target: Arc<AtomicU16>) {
    while let Ok((mut client, _)) = listener.accept().await {
        let port = target.load(Ordering::SeqCst);
        tokio::spawn(async move {
            if let Ok(mut server) = TcpStream::connect(("127.0.0.1", port)).await {
                let _ = copy_bidirectional(&mut client, &mut server).await;
            }
        });
    }
}
