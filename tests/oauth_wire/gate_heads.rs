//! `GET /gateway/authorize` by its head alone: bodies that never come, large heads, appended paths, odd methods.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::asking::Integration;
use crate::support::World;

/// After this an answer does not come any more: it is waiting for something.
const NEVER: Duration = Duration::from_secs(30);

/// The head of a call that passes, without its end; `lines` are more of it.
fn head(method: &str, target: &str, token: &str, lines: &str) -> String {
    format!(
        "{method} {target} HTTP/1.1\r\nHost: gate\r\nAuthorization: Bearer {token}\r\nX-Entity-Id: e1\r\n\
         X-Api-Access: read\r\n{lines}\r\n"
    )
}

/// All that is answered until the server closes the connection, by whoever sends no more than this and closes nothing.
async fn answered(world: &World, request: &str) -> String {
    let answer = tokio::time::timeout(NEVER, world.raw(request)).await;
    answer.unwrap_or_else(|_| panic!("no end of an answer to {:.300}", request))
}

/// The head of the first answer, on a connection that may stay open.
async fn first_head(connection: &mut TcpStream) -> String {
    let mut read = Vec::new();
    let whole = async {
        while !read.ends_with(b"\r\n\r\n") {
            read.push(connection.read_u8().await.unwrap());
        }
    };
    tokio::time::timeout(NEVER, whole).await.unwrap();
    String::from_utf8(read).unwrap()
}

fn answers(text: &str) -> usize {
    text.matches("HTTP/1.1 ").count()
}

#[tokio::test]
async fn nginx_announces_a_body_that_never_comes_and_is_answered_all_the_same() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let token = world.access_token(&app.client).await;
    let announced = [
        "Content-Length: 77\r\n",
        "Content-Length: 1000000000000\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 77\r\n",
        "Content-Length: 77\r\nContent-Type: application/json\r\n",
        "Content-Length: 77\r\nExpect: 100-continue\r\n",
    ];
    let calls = announced
        .iter()
        .flat_map(|lines| ["GET", "POST"].map(|method| (method, *lines)));
    let ask = |(method, lines)| {
        let request = head(method, "/gateway/authorize", &token, lines);
        let world = &world;
        async move { (lines, answered(world, &request).await) }
    };
    for (lines, answer) in futures::future::join_all(calls.map(ask)).await {
        assert!(answer.starts_with("HTTP/1.1 200"), "{lines}{answer}");
        assert!(answer.contains("x-entity-id: e1"), "{lines}{answer}");
        assert!(answer.contains("connection: close"), "{lines}{answer}");
        assert_eq!(answers(&answer), 1, "no “100 Continue” either: {answer}");
    }
}

#[tokio::test]
async fn a_refusal_does_not_wait_for_a_body_either() {
    let world = World::on_sqlite().await;
    let request = head("POST", "/gateway/authorize", "garbage", "Content-Length: 77\r\n");
    let answer = answered(&world, &request).await;
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    assert!(answer.contains("x-reason: token_malformed"), "{answer}");
}

/// Otherwise a caller who hides a request in a body would have it answered to the next one on the connection.
#[tokio::test]
async fn a_body_that_was_not_read_is_never_taken_for_the_next_request() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let token = world.access_token(&app.client).await;
    let hidden = head("GET", "/gateway/authorize", &token, "");
    let length = format!("Content-Length: {}\r\n", hidden.len());
    let chunk = format!("{:x}\r\n{hidden}\r\n0\r\n\r\n", hidden.len());
    let broken = format!("no chunk\r\n{hidden}");
    for (lines, body) in [
        (length.as_str(), &hidden),
        ("Transfer-Encoding: chunked\r\n", &chunk),
        ("Transfer-Encoding: chunked\r\n", &broken),
        ("Content-Length: 3\r\n", &hidden),
    ] {
        for after in ["", &hidden] {
            let request = head("POST", "/gateway/authorize", &token, lines);
            let answer = answered(&world, &format!("{request}{body}{after}")).await;
            assert!(answer.starts_with("HTTP/1.1 200"), "{lines}{answer}");
            assert_eq!(answers(&answer), 1, "{lines}{answer}");
        }
    }
}

#[tokio::test]
async fn the_answer_arrives_also_while_a_large_body_is_still_being_sent() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let token = world.access_token(&app.client).await;
    let body = "x".repeat(8_000_000);
    let lines = format!("Content-Length: {}\r\n", body.len());
    let request = head("POST", "/gateway/authorize", &token, &lines);
    let answer = answered(&world, &format!("{request}{body}")).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn without_a_body_the_connection_serves_the_next_question() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let token = world.access_token(&app.client).await;
    let address = world.base_url.trim_start_matches("http://");
    let mut connection = TcpStream::connect(address).await.unwrap();
    for lines in ["", "Content-Length: 0\r\n", ""] {
        let request = head("GET", "/gateway/authorize", &token, lines);
        connection.write_all(request.as_bytes()).await.unwrap();
        let answer = first_head(&mut connection).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(!answer.contains("connection: close"), "{answer}");
    }
}

#[tokio::test]
async fn large_heads_are_judged_like_small_ones() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let token = world.access_token(&app.client).await;
    // Four lines are in every head, and one more closes the connection.
    let lines: String = (0..90)
        .map(|n| format!("X-Line-{n}: {}\r\n", "v".repeat(200)))
        .collect();
    let many = head(
        "GET",
        "/gateway/authorize",
        &token,
        &format!("{lines}Connection: close\r\n"),
    );
    let target = format!("/gateway/authorize?{}", "q".repeat(60_000));
    let long = head("GET", &target, &token, "Connection: close\r\n");
    let target = format!("/gateway/authorize/{}", "p/".repeat(30_000));
    let long_path = head("GET", &target, &token, "Connection: close\r\n");
    for request in [&many, &long, &long_path] {
        let answer = answered(&world, request).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        let refused = request.replace("X-Entity-Id: e1", "X-Entity-Id: e5");
        let answer = answered(&world, &refused).await;
        assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    }
}

/// What the HTTP library takes is at most 100 lines and 64 KB of address. As documented, it answers the rest itself.
#[tokio::test]
async fn beyond_the_limits_of_http_itself_the_answer_is_bare_and_opens_nothing() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let token = world.access_token(&app.client).await;
    let lines: String = (0..100).map(|n| format!("X-Line-{n}: v\r\n")).collect();
    let answer = answered(&world, &head("GET", "/gateway/authorize", &token, &lines)).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    let target = format!("/gateway/authorize?{}", "q".repeat(66_000));
    let answer = answered(&world, &head("GET", &target, &token, "")).await;
    assert!(answer.starts_with("HTTP/1.1 414"), "{answer}");
    for broken in [
        "Content-Length: -1\r\n",
        "Transfer-Encoding: gzip\r\n",
        "no colon\r\n",
        "Content-Length: 1\r\nContent-Length: 2\r\n",
    ] {
        let answer = answered(&world, &head("GET", "/gateway/authorize", &token, broken)).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{broken}{answer}");
        assert!(!answer.contains("x-app-id"), "{broken}{answer}");
    }
}

/// Envoy's and Istio's `path_prefix` is put before the path of the call that they ask about.
#[tokio::test]
async fn what_envoy_appends_to_the_path_changes_nothing() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let token = world.access_token(&app.client).await;
    let appended = [
        "/",
        "/soap/e5",
        "//soap",
        "/soap?x=%FF&y=%zz",
        "/%ff%00",
        "/../../healthz",
        "/%2e%2e/verify",
        "/a;b=c,d",
        "/{x}",
    ];
    for appended in appended {
        for method in ["GET", "POST", "DELETE"] {
            let target = format!("/gateway/authorize{appended}");
            let answer = answered(&world, &head(method, &target, &token, "Connection: close\r\n")).await;
            assert!(answer.starts_with("HTTP/1.1 200"), "{target} {answer}");
            let refused = head(method, &target, "garbage", "Connection: close\r\nContent-Length: 4\r\n");
            let answer = answered(&world, &format!("{refused}body")).await;
            assert!(answer.starts_with("HTTP/1.1 401"), "{target} {answer}");
        }
    }
    let elsewhere = head("GET", "/gateway/authorized", &token, "Connection: close\r\n");
    assert!(answered(&world, &elsewhere).await.starts_with("HTTP/1.1 404"));
}

#[tokio::test]
async fn methods_that_nobody_has_heard_of_are_answered_like_the_others() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let token = world.access_token(&app.client).await;
    for method in ["PROPFIND", "BREW", "TRACE", "CONNECT", "get", "M-SEARCH"] {
        for (lines, body) in [("", ""), ("Content-Length: 4\r\n", "body")] {
            let lines = format!("{lines}Connection: close\r\n");
            let request = head(method, "/gateway/authorize", &token, &lines) + body;
            let answer = answered(&world, &request).await;
            assert!(answer.starts_with("HTTP/1.1 200"), "{method} {answer}");
            let answer = answered(&world, &request.replace("X-Entity-Id: e1", "X-Entity-Id: e5")).await;
            assert!(answer.starts_with("HTTP/1.1 403"), "{method} {answer}");
        }
    }
}
