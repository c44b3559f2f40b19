//! `make bench`: how near Gatebook comes to its limits. Every figure is a ratio against a limit that is measured in the
//! same run on the same PostgreSQL, because single figures of a shared machine mean little.
#![expect(
    clippy::disallowed_methods,
    reason = "what a test names or draws need not be the same in each run"
)]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a measurement that cannot go on has failed"
)]
#![expect(clippy::print_stdout, reason = "the figures are the result")]

mod commands;
mod csv;
mod gate;
mod lists;
mod load;
mod mail;
#[path = "../support/mail_server.rs"]
#[expect(dead_code, reason = "the tests need more of it")]
mod mail_server;
mod many_apps;
mod outage;
mod pages;
#[path = "../support/quiet_road.rs"]
#[expect(dead_code, reason = "the tests need more of it")]
mod quiet_road;
mod rebuild;
mod searches;
mod setting;
mod stopping;
mod verify;

use setting::Setting;

/// Applications in the log while gate, rebuild, CSV, pages and searches are measured, unless `GATEBOOK_BENCH_APPS` says
/// how many.
const APPS: usize = 20_000;

/// What can be measured, in this order. `make bench BENCH_ARGS="gate csv"` measures these alone.
const MEASUREMENTS: [&str; 12] = [
    "mail",
    "outage",
    "lists",
    "commands",
    "gate",
    "rebuild",
    "csv",
    "verify",
    "pages",
    "searches",
    "many_apps",
    "stopping",
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --benches` and `cargo nextest` only want to know that it starts.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    let chosen: Vec<&String> = arguments
        .iter()
        .filter(|argument| !argument.starts_with("--"))
        .collect();
    if let Some(unknown) = chosen.iter().find(|name| !MEASUREMENTS.contains(&name.as_str())) {
        panic!("{unknown} is none of {}", MEASUREMENTS.join(", "));
    }
    let is_chosen = |name: &str| chosen.is_empty() || chosen.iter().any(|chosen| *chosen == name);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        if is_chosen("mail") {
            mail::measure().await;
        }
        if is_chosen("outage") {
            outage::measure().await;
        }
        if is_chosen("lists") {
            lists::measure().await;
        }
        let has_all = |chosen: &&String| ["mail", "outage", "lists"].contains(&chosen.as_str());
        if !chosen.is_empty() && chosen.iter().all(has_all) {
            return;
        }
        let setting = Setting::new().await;
        if is_chosen("commands") {
            commands::measure(&setting).await;
        }
        let apps = std::env::var("GATEBOOK_BENCH_APPS").map_or(APPS, |apps| apps.parse().unwrap());
        setting.fill(apps).await;
        if is_chosen("gate") {
            gate::measure(&setting).await;
        }
        if is_chosen("rebuild") {
            rebuild::measure(&setting).await;
        }
        if is_chosen("csv") {
            csv::measure(&setting).await;
        }
        if is_chosen("verify") {
            verify::measure(&setting).await;
        }
        if is_chosen("pages") {
            pages::measure(&setting).await;
        }
        if is_chosen("searches") {
            searches::measure(&setting, apps).await;
        }
        let is_asked_for = chosen.iter().any(|chosen| *chosen == "many_apps");
        if is_asked_for || is_chosen("many_apps") && apps >= many_apps::APPS_MIN {
            many_apps::measure(&setting).await;
        }
        if is_chosen("stopping") {
            stopping::measure(&setting, apps).await;
        }
    });
}

/// The middle of several measurements.
fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
