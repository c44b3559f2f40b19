//! SIGTERM and Ctrl-C end the program cleanly: requests in flight are answered, nothing acknowledged is lost, and
//! nobody can keep it from ending.

use std::io::{Read, Write};
use std::net::TcpStream;

use super::installation::{Customer, Installation, Process, sent, word};
use crate::support::eventually::eventually;
use crate::support::proxy::Proxy;
use crate::support::{APPS, World};

/// A creation as it goes over the wire.
fn creation(process: &Process, pam: &str, name: &str) -> String {
    let (host, body) = (
        process.base_url.strip_prefix("http://").unwrap(),
        World::new_integration(name).to_string(),
    );
    let length = body.len();
    format!(
        "POST {APPS} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {pam}\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
}

fn connect(process: &Process) -> TcpStream {
    TcpStream::connect(process.base_url.strip_prefix("http://").unwrap()).unwrap()
}

async fn a_request_in_flight_is_answered(installation: Installation, signal: &str) {
    let process = installation.serve().await;
    let customer = Customer::settle(&installation, &process).await;
    let request = creation(&process, &customer.pam, "Payroll Bridge");
    let (first, rest) = request.split_at(request.len() - 10);
    let mut connection = connect(&process);
    connection.write_all(first.as_bytes()).unwrap();
    // Another request's answer shows that the first one's head has been read.
    process.anybody().get("/healthz").await.expect(200);
    process.signal(signal);
    eventually("last request", async || {
        process.log().contains("finishing requests in flight").then_some(())
    })
    .await;
    connection.write_all(rest.as_bytes()).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert_eq!(process.ended().await.code(), Some(0), "{}", process.log());
    installation.holds_together();
    let process = installation.serve().await;
    assert_eq!(
        process.person(&customer.pam).get(APPS).await.expect(200).all("name"),
        ["Payroll Bridge"]
    );
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_in_flight_is_answered_after_sigterm_on_sqlite() {
    a_request_in_flight_is_answered(Installation::on_sqlite(), "TERM").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_in_flight_is_answered_after_sigterm_on_postgres() {
    a_request_in_flight_is_answered(Installation::on_postgres().await, "TERM").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_in_flight_is_answered_after_ctrl_c() {
    a_request_in_flight_is_answered(Installation::on_sqlite(), "INT").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_under_load_before_sigterm_is_there_after_it() {
    let installation = Installation::on_postgres().await;
    let process = installation.serve().await;
    let customer = Customer::settle(&installation, &process).await;
    let callers = (0..8).map(|caller| {
        let pam = process.person(&customer.pam);
        tokio::spawn(async move {
            let mut acknowledged = Vec::new();
            for number in 0.. {
                let form = World::new_integration(&format!("Bridge {caller} {number}"));
                match sent(&pam, reqwest::Method::POST, APPS, &form, &[]).await {
                    Some(answer) => acknowledged.push(word(&answer.expect(201).json(), "id")),
                    None => break,
                }
            }
            acknowledged
        })
    });
    let callers: Vec<_> = callers.collect();
    let apps = "select count(*) from app_list";
    eventually("load", async || (installation.number(apps).await > 30).then_some(())).await;
    process.signal("TERM");
    let mut acknowledged = Vec::new();
    for caller in callers {
        acknowledged.extend(caller.await.unwrap());
    }
    assert_eq!(process.ended().await.code(), Some(0), "{}", process.log());
    assert_eq!(
        installation.number(apps).await,
        acknowledged.len() as i64,
        "each that happened was acknowledged"
    );
    installation.holds_together();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_never_finish_their_requests_cannot_keep_it_from_ending() {
    let installation = Installation::on_sqlite();
    let process = installation.serve().await;
    let customer = Customer::settle(&installation, &process).await;
    let request = creation(&process, &customer.pam, "Payroll Bridge");
    let mut silent = Vec::new();
    for length in [0, 10, request.len() - 10] {
        let mut connection = connect(&process);
        connection.write_all(&request.as_bytes()[..length]).unwrap();
        silent.push(connection);
    }
    process.anybody().get("/healthz").await.expect(200);
    process.signal("TERM");
    assert_eq!(process.ended().await.code(), Some(0), "{}", process.log());
    drop(silent);
    installation.holds_together();
    assert_eq!(installation.number("select count(*) from app_list").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signal_in_the_first_moment_of_serving_ends_it_cleanly_too() {
    let installation = Installation::on_sqlite();
    for _ in 0..15 {
        installation.serve().await.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_away_cannot_keep_it_from_ending_cleanly() {
    let road = Proxy::start().await;
    let mut installation = Installation::on_postgres().await;
    installation.database_url = road.through(&installation.database_url);
    let process = installation.serve().await;
    let customer = Customer::settle(&installation, &process).await;
    process.person(&customer.pam).get(APPS).await.expect(200);
    road.cut().await;
    process.stop().await;
    road.mend();
    installation.holds_together();
}
