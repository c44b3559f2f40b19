//! Accepts connections, closes silent ones, and ends them gracefully.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// The pause after an error of the listener, such as too many open files.
const PAUSE_AFTER_TROUBLE: Duration = Duration::from_secs(1);

/// Serves until `stop` is true, and returns when all requests in progress are answered. Closes a connection on which no
/// complete request head arrives within `silence`, at its start or after an answer.
pub async fn serve(listener: TcpListener, router: Router, silence: Duration, mut stop: watch::Receiver<bool>) {
    let router = TowerToHyperService::new(router);
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(silence);
    let connections = GracefulShutdown::new();
    let serve_one = |(stream, address): (TcpStream, SocketAddr)| {
        // Answers are written whole, so that waiting to send more at once gains nothing. Not being able to say so is no harm.
        let _ = stream.set_nodelay(true);
        let router = router.clone();
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(address));
            router.call(request)
        });
        let connection = connections.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection was closed early");
            }
        });
    };
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            accepted = accept(&listener) => serve_one(accepted),
        }
    }
    close(listener).into_iter().for_each(serve_one);
    connections.shutdown().await;
}

/// Closes the listener and returns the connections that clients have opened already, which would otherwise be reset.
fn close(listener: TcpListener) -> Vec<(TcpStream, SocketAddr)> {
    // The operating system may have connections that Tokio does not know yet.
    let Ok(listener) = listener.into_std() else {
        return Vec::new();
    };
    let waiting = std::iter::from_fn(|| listener.accept().ok());
    let taken = waiting.filter_map(|(stream, address)| {
        stream.set_nonblocking(true).ok()?;
        Some((TcpStream::from_std(stream).ok()?, address))
    });
    taken.collect()
}

/// The next connection. Skips clients that have left already.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if is_the_clients(&error) => {}
            Err(error) => {
                tracing::error!(%error, "cannot accept connections at the moment");
                tokio::time::sleep(PAUSE_AFTER_TROUBLE).await;
            }
        }
    }
}

fn is_the_clients(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};

    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
