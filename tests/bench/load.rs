//! Load over HTTP: connections that are kept open, each sending the same request again and again.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::Router;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;

/// What came of it.
pub struct Load {
    pub per_second: f64,
    pub p99: Duration,
}

/// Serves a router on a free port of loopback.
pub async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    address
}

/// Sends a request over so many connections for so long. Every answer must be a 200. The load has a thread and a runtime of its
/// own, as gateways are other programs: it shares the processors with what it measures and nothing else.
pub async fn run(address: SocketAddr, request: &[u8], connections: usize, time: Duration) -> Load {
    let request = request.to_vec();
    let sending = tokio::task::spawn_blocking(move || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(send(address, &request, connections, time))
    });
    sending.await.unwrap()
}

async fn send(address: SocketAddr, request: &[u8], connections: usize, time: Duration) -> Load {
    let begun = Instant::now();
    let end = begun + time;
    let all = futures::future::join_all((0..connections).map(|_| one_connection(address, request, end))).await;
    let mut times: Vec<Duration> = all.into_iter().flatten().collect();
    let per_second = times.len() as f64 / begun.elapsed().as_secs_f64();
    times.sort();
    Load {
        per_second,
        p99: times[times.len() * 99 / 100],
    }
}

async fn one_connection(address: SocketAddr, request: &[u8], end: Instant) -> Vec<Duration> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (mut times, mut buffer) = (Vec::new(), Vec::with_capacity(16 * 1024));
    while Instant::now() < end {
        let sent = Instant::now();
        stream.write_all(request).await.unwrap();
        read_answer(&mut stream, &mut buffer).await;
        times.push(sent.elapsed());
    }
    times
}

/// Reads one answer with a `Content-Length`.
pub async fn read_answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) {
    buffer.clear();
    loop {
        assert!(stream.read_buf(buffer).await.unwrap() > 0, "the server hung up");
        let Some(head) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else {
            continue;
        };
        let text = std::str::from_utf8(&buffer[..head]).unwrap();
        assert!(text.starts_with("HTTP/1.1 200"), "{text}");
        let length = text
            .lines()
            .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
        let whole = head + 4 + length.unwrap_or(0_usize);
        while buffer.len() < whole {
            assert!(stream.read_buf(buffer).await.unwrap() > 0, "the server hung up");
        }
        return;
    }
}
