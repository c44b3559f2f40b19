//! `make bench`: how near Gatebook comes to its limits. Every figure is a ratio against a limit that is measured in the
//! same run on the same PostgreSQL, because single figures of a shared machine mean little.
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
mod load;
mod pages;
mod rebuild;
mod setting;

use setting::Setting;

/// Applications in the log while gate, rebuild and CSV are measured.
const APPS: usize = 20_000;

fn main() {
    // `cargo test --benches` and `cargo nextest` only want to know that it starts.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let setting = Setting::new().await;
        commands::measure(&setting).await;
        setting.fill(APPS).await;
        gate::measure(&setting).await;
        rebuild::measure(&setting).await;
        csv::measure(&setting).await;
        pages::measure(&setting, APPS).await;
    });
}

/// The middle of several measurements.
fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
