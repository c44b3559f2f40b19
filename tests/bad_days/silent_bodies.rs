//! Requests whose body falls silent. They are given up as a silent head is; what is slow but steady is not.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::installation::Installation;

/// The answer to a request head, and to pieces of a body that come one after the other.
fn answer(address: &str, head: &str, pieces: &[&str], pause: Duration) -> String {
    let mut connection = TcpStream::connect(address).unwrap();
    connection.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    connection.write_all(head.as_bytes()).unwrap();
    for piece in pieces {
        std::thread::sleep(pause);
        connection.write_all(piece.as_bytes()).unwrap();
    }
    let mut answer = Vec::new();
    let heard = connection.read_to_end(&mut answer);
    assert!(heard.is_ok(), "it is open still: {heard:?}");
    String::from_utf8(answer).unwrap()
}

fn head(path: &str, content_type: &str, length: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {content_type}\r\n{length}\r\nConnection: close\r\n\r\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_falls_silent_is_answered_and_its_connection_closed() {
    let installation = Installation::on_sqlite();
    let process = installation.start("serve", &["--idle-seconds", "1"], &[]).await;
    let address = process.base_url.strip_prefix("http://").unwrap().to_owned();
    let (json, form) = ("application/json", "application/x-www-form-urlencoded");
    let (known, chunked) = ("Content-Length: 100", "Transfer-Encoding: chunked");
    tokio::task::block_in_place(|| {
        for (path, content_type, length, begun) in [
            ("/portal/api/v1/session", json, known, "{"),
            ("/portal/api/v1/session", json, chunked, "1\r\n{\r\n"),
            ("/portal/api/v1/session", json, known, ""),
            ("/oauth/token", form, known, "grant_type="),
            ("/portal/log-in", form, known, "email="),
        ] {
            let heard = answer(&address, &head(path, content_type, length), &[begun], Duration::ZERO);
            assert!(heard.starts_with("HTTP/1.1 408 "), "{path} {length} {begun}: {heard}");
            assert!(heard.contains("\r\nconnection: close\r\n"), "{heard}");
            assert!(heard.contains("\"code\":\"body_timeout\""), "{heard}");
        }
    });
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_is_slow_but_steady_is_read() {
    let installation = Installation::on_sqlite();
    let process = installation.start("serve", &["--idle-seconds", "2"], &[]).await;
    let address = process.base_url.strip_prefix("http://").unwrap().to_owned();
    let body = r#"{"email": "a@example.com", "password": "correct horse battery staple"}"#;
    let pieces: Vec<&str> = (0..8)
        .map(|n| &body[n * body.len() / 8..(n + 1) * body.len() / 8])
        .collect();
    let length = format!("Content-Length: {}", body.len());
    // Longer in all than the silence that is allowed.
    let heard = tokio::task::block_in_place(|| {
        let head = head("/portal/api/v1/session", "application/json", &length);
        answer(&address, &head, &pieces, Duration::from_millis(400))
    });
    assert!(heard.starts_with("HTTP/1.1 401 "), "{heard}");
    process.stop().await;
}
