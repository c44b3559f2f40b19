//! The group's activity log as CSV, megabytes per second, against reading the same rows.

use std::time::Instant;

use futures::StreamExt;
use gatebook::activity_log::{LogPeriod, Scope, export};
use gatebook::log::read;
use gatebook_aggregates::log_format::LogFormat;
use gatebook_projections::sql::Query;

use super::median;
use super::setting::Setting;

const ROUNDS: usize = 3;
const PAGE: i64 = 1_000;

/// Measures a download of everything.
pub async fn measure(setting: &Setting) {
    let database = &setting.gatebook.log.database;
    let head = read::head(&**database).await.unwrap();
    println!("\nCSV of {head} events, against reading the same rows");
    let (mut ours, mut limits) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let range = LogPeriod {
            from: None,
            to: None,
            up_to_position: head,
        };
        let scope = Scope::Group(setting.group_id.clone());
        let mut chunks = Box::pin(export(database.clone(), scope, range, LogFormat::Csv));
        let mut bytes = 0;
        while let Some(chunk) = chunks.next().await {
            bytes += chunk.unwrap().len();
        }
        let megabytes = bytes as f64 / 1e6;
        ours.push(megabytes / begun.elapsed().as_secs_f64());
        let begun = Instant::now();
        read_all(setting).await;
        limits.push(megabytes / begun.elapsed().as_secs_f64());
    }
    let (ours, limit) = (median(ours), median(limits));
    println!(
        "csv [postgres]: {ours:.1} MB/s = {:.2} of reading the same rows ({limit:.1} MB/s)",
        ours / limit
    );
}

async fn read_all(setting: &Setting) {
    let mut after = 0;
    loop {
        let sql = format!(
            "{} where group_id = $1 and group_id <> '' and position > $2 order by position limit {PAGE}",
            read::SELECT_EVENTS
        );
        let query = Query::new(sql, [setting.group_id.as_str().into(), after.into()]);
        let rows = setting.gatebook.database().rows(query).await.unwrap();
        let events = read::events(rows).unwrap();
        let Some(last) = events.last() else { return };
        after = last.position;
    }
}
