//! What people and gateways wait for while PostgreSQL says nothing, and after it is back. Each against its bound.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use gatebook::web;
use gatebook::web::request_context::ClientAddressHeader;

use super::quiet_road::QuietRoad;
use super::setting::{Setting, new_database};
use super::{gate, load, median};

const ROUNDS: usize = 5;
/// Checks after the first one that was refused.
const CHECKS: usize = 500;
/// A read that gets no answer is given up after a second; so long may `/readyz` take, too, and the way back.
const BOUND: f64 = 1_000.0;

/// Measures on a database of its own.
pub async fn measure() {
    let url = new_database().await;
    let road = QuietRoad::to(&url).await;
    let setting = Setting::on(road.through(&url)).await;
    let address = load::serve(web::router(setting.gatebook.clone(), ClientAddressHeader::default())).await;
    let token = gate::access_token(&setting, "Outage").await;
    let client = reqwest::Client::new();
    let [mut first, mut later, mut ready, mut back] = [const { Vec::new() }; 4];
    for _ in 0..ROUNDS {
        until(&client, address, &token, 200).await;
        road.hush();
        first.push(timed(check(&client, address, &token, 403)).await);
        let mut refusals = Vec::new();
        for _ in 0..CHECKS {
            refusals.push(timed(check(&client, address, &token, 403)).await);
        }
        refusals.sort_by(f64::total_cmp);
        later.push(refusals[CHECKS * 99 / 100]);
        ready.push(timed(readiness(&client, address)).await);
        road.resume();
        back.push(timed(until(&client, address, &token, 200)).await);
    }
    println!("\nPostgreSQL falls silent, and is back: medians of {ROUNDS} rounds");
    for (what, times) in [
        ("the first check is refused after", first),
        ("p99 of those that follow", later),
        ("/readyz says 503 after", ready),
        ("checks pass again after", back),
    ] {
        let time = median(times);
        println!("  {what:<34} {time:>8.2} ms of {BOUND} ms  = {:.2}", time / BOUND);
    }
}

async fn timed(what: impl Future<Output = ()>) -> f64 {
    let begun = Instant::now();
    what.await;
    begun.elapsed().as_secs_f64() * 1_000.0
}

async fn status(client: &reqwest::Client, address: SocketAddr, token: &str) -> u16 {
    let asked = client
        .get(format!("http://{address}/gateway/authorize"))
        .bearer_auth(token)
        .header("x-entity-id", "e1")
        .header("x-api-access", "read");
    asked.send().await.unwrap().status().as_u16()
}

async fn check(client: &reqwest::Client, address: SocketAddr, token: &str, expected: u16) {
    assert_eq!(status(client, address, token).await, expected);
}

async fn until(client: &reqwest::Client, address: SocketAddr, token: &str, expected: u16) {
    while status(client, address, token).await != expected {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn readiness(client: &reqwest::Client, address: SocketAddr) {
    let answer = client.get(format!("http://{address}/readyz")).send().await.unwrap();
    assert_eq!(answer.status(), 503);
}
