//! Gateways that hang up, and callers who flood: the gate stays whole, and answers those who wait as ever.

use std::io::Write;
use std::net::TcpStream;

use futures::future::join_all;
use reqwest::Method;
use serde_json::json;

use crate::support::mail_server::{MailServer, Manner};
use crate::support::{Person, World, on_both_databases};

on_both_databases!(
    gateways_that_do_not_wait_for_an_answer_leave_the_gate_whole,
    a_flood_of_worthless_tokens_keeps_no_integration_out,
    retries_of_a_mail_whose_callers_do_not_wait_send_it_once,
);

/// More than the gate has connections.
const AT_ONCE: usize = 300;

fn asks(person: &Person, method: &str, path: &str, token: &str) -> Vec<u8> {
    let host = person.base_url.strip_prefix("http://").unwrap();
    let head = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\n");
    format!("{head}x-entity-id: e1\r\nx-api-access: read\r\n\r\n").into_bytes()
}

/// Sends so much of a request, and hangs up without a look at the answer.
async fn hang_up_after(person: &Person, request: &[u8], length: usize) {
    let host = person.base_url.strip_prefix("http://").unwrap().to_owned();
    let bytes = request[..length].to_vec();
    let sent = tokio::task::spawn_blocking(move || TcpStream::connect(host).unwrap().write_all(&bytes));
    sent.await.unwrap().unwrap();
}

/// What the gate answers a gateway.
async fn gate(anybody: &Person, token: &str) -> u16 {
    let integration = Person {
        token: Some(token.to_owned()),
        ..anybody.clone()
    };
    let headers = [("x-entity-id", "e1"), ("x-api-access", "read")];
    let answer = integration.send(Method::GET, "/gateway/authorize", None, &headers);
    answer.await.status.as_u16()
}

async fn gateways_that_do_not_wait_for_an_answer_leave_the_gate_whole(world: World) {
    let (ada, _, _, client) = world.running("Payroll Bridge").await;
    let token = world.access_token(&client).await;
    let request = asks(&ada, "GET", "/gateway/authorize", &token);
    for number in 0..AT_ONCE {
        // Every third one in the middle of its head.
        let length = if number % 3 == 0 {
            number % request.len()
        } else {
            request.len()
        };
        hang_up_after(&ada, &request, length).await;
    }
    let asked = (0..AT_ONCE).map(|_| gate(&ada, &token));
    assert_eq!(join_all(asked).await, [200; AT_ONCE]);
}

async fn a_flood_of_worthless_tokens_keeps_no_integration_out(world: World) {
    let (ada, app, _, client) = world.running("Payroll Bridge").await;
    let token = world.access_token(&client).await;
    // One character of the right one is another; and one that is no token at all.
    let forged = token.replace(&token[token.len() - 6..], "AAAAAA");
    let worthless = [forged.as_str(), "gbt_nonsense", ""];
    let flood = (0..AT_ONCE).map(|number| gate(&ada, worthless[number % worthless.len()]));
    let integrations = (0..40).map(|_| gate(&ada, &token));
    let (flood, integrations) = tokio::join!(join_all(flood), join_all(integrations));
    assert!(flood.iter().all(|status| *status == 401), "{flood:?}");
    assert_eq!(integrations, [200; 40]);
    ada.post(&crate::support::app_at(&app, "/suspend"), json!({}))
        .await
        .expect(200);
    assert_eq!(gate(&ada, &token).await, 401);
}

async fn retries_of_a_mail_whose_callers_do_not_wait_send_it_once(world: World) {
    let ada = world.ada().await;
    world.created(&ada, "Payroll Bridge").await;
    let refusing = MailServer::start(Manner::Refuses("dev@example.com")).await;
    world.mails_go_to(&refusing).await;
    let failed = world
        .operator
        .get("/operator/api/v1/outbox?state=failed")
        .await
        .expect(200);
    let ids = failed.all("id");
    assert_eq!(ids.len(), 1, "{}", failed.text());
    let path = format!("/operator/api/v1/outbox/{}/retry", ids[0]);
    let request = asks(&world.operator, "POST", &path, world.operator.token.as_deref().unwrap());
    for length in 0..request.len() {
        hang_up_after(&world.operator, &request, length).await;
    }
    let still = world
        .operator
        .get("/operator/api/v1/outbox?state=failed")
        .await
        .expect(200);
    assert_eq!(still.all("id"), ids, "nobody has asked to the end");

    for _ in 0..AT_ONCE {
        hang_up_after(&world.operator, &request, request.len()).await;
    }
    let retried = join_all((0..40).map(|_| world.operator.post_owned(path.clone(), json!({})))).await;
    for answer in retried {
        // Due, or due already.
        assert!([200, 409].contains(&answer.status.as_u16()), "{}", answer.text());
    }
    let mails = world.mails().await;
    let to_dev = mails.iter().filter(|mail| mail.to == "dev@example.com");
    assert_eq!(to_dev.count(), 1, "{mails:#?}");
    let sent = world.operator.post(&path, json!({})).await.expect(200).json();
    assert_eq!(sent["state"], "sent");
}
