//! Somebody begins a request, and holds the rest of it back until what they came in with has ended (R26).

use gatebook_aggregates::text::Label;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::browser::Browser;
use crate::support::{World, on_both_databases};

on_both_databases! {
    r26_an_operators_token_that_was_revoked_meanwhile_changes_nothing,
    r26_a_session_that_ended_meanwhile_sends_no_form,
}

/// A request of which the server has asked for the body, and of which the body has not been sent.
struct HeldBack(TcpStream);

impl HeldBack {
    async fn begin(world: &World, line: &str, headers: &str, length: usize) -> Self {
        let mut connection = TcpStream::connect(world.base_url.trim_start_matches("http://"))
            .await
            .unwrap();
        let head = format!(
            "{line} HTTP/1.1\r\nHost: gatebook\r\nConnection: close\r\nExpect: 100-continue\r\n{headers}\r\n\
             Content-Length: {length}\r\n\r\n"
        );
        connection.write_all(head.as_bytes()).await.unwrap();
        let mut go_on = [0; 25];
        connection.read_exact(&mut go_on).await.unwrap();
        assert!(
            go_on.starts_with(b"HTTP/1.1 100"),
            "{}",
            String::from_utf8_lossy(&go_on)
        );
        Self(connection)
    }

    async fn end(self, body: &str) -> String {
        let Self(mut connection) = self;
        connection.write_all(body.as_bytes()).await.unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.unwrap();
        answer
    }
}

async fn r26_an_operators_token_that_was_revoked_meanwhile_changes_nothing(world: World) {
    let name = Label::parse("name", "leaked").unwrap();
    let olga = gatebook::application::Caller::command_line("test".to_owned());
    let leaked = world
        .gatebook
        .create_operator_token(olga.operator().unwrap(), &name, None)
        .await
        .unwrap();
    let body = r#"{"name": "Held Back", "product_plan": "AIQ3"}"#;
    let headers = format!(
        "Authorization: Bearer {}\r\nContent-Type: application/json",
        leaked.token
    );
    let request = HeldBack::begin(&world, "PUT /operator/api/v1/groups/held", &headers, body.len()).await;
    world
        .gatebook
        .revoke_operator_token(olga.operator().unwrap(), leaked.id)
        .await
        .unwrap();
    let before = world.traces().await;
    let answer = request.end(body).await;
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    assert_eq!(world.traces().await, before);
}

async fn r26_a_session_that_ended_meanwhile_sends_no_form(world: World) {
    world.give_password("acme", "ada").await;
    let mut ada = Browser::new(&world);
    ada.open("/sign-in").await;
    let entered = [
        ("email", "ada@acme.example"),
        ("password", crate::support::world::PASSWORD),
    ];
    ada.send("/sign-in", &entered).await.expect(200);
    let page = ada.open("/account").await.expect(200).clone();
    let (form_token, key) = (page.value("form_token").unwrap(), page.value("request_key").unwrap());
    let body = format!("form_token={form_token}&request_key={key}&name=Held+back");
    let cookies: Vec<_> = ada
        .cookies
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let headers = format!(
        "Cookie: {}\r\nOrigin: {}\r\nSec-Fetch-Site: same-origin\r\n\
         Content-Type: application/x-www-form-urlencoded",
        cookies.join("; "),
        world.base_url
    );
    let request = HeldBack::begin(&world, "POST /account/tokens", &headers, body.len()).await;
    ada.send("/sign-out", &[]).await.expect(200);
    let before = world.traces().await;
    let answer = request.end(&body).await;
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    assert_eq!(world.traces().await, before);
}
