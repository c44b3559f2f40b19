//! The group's activity log as CSV, megabytes per second, against `COPY` of the same events out of the database.

use std::time::Instant;

use futures::{StreamExt, TryStreamExt};
use gatebook::activity_log::{LogPeriod, Scope, export};
use gatebook::log::read;
use gatebook_aggregates::log_format::LogFormat;
use sqlx::postgres::PgPoolCopyExt;

use super::median;
use super::setting::Setting;

const ROUNDS: usize = 3;

/// Measures a download of everything.
pub async fn measure(setting: &Setting) {
    let database = &setting.gatebook.log.database;
    let head = read::head(&**database).await.unwrap();
    println!("\nCSV of {head} events, against COPY out of the same events");
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
        copy_out(setting).await;
        limits.push(megabytes / begun.elapsed().as_secs_f64());
    }
    let (ours, limit) = (median(ours), median(limits));
    println!(
        "csv [postgres]: {ours:.1} MB/s = {:.2} of COPY out ({limit:.1} MB/s)",
        ours / limit
    );
}

async fn copy_out(setting: &Setting) {
    let pool = sqlx::PgPool::connect(&setting.database_url).await.unwrap();
    let sql = format!(
        "copy ({} where group_id = '{}' order by position) to stdout",
        read::SELECT_EVENTS,
        setting.group_id
    );
    let mut events = pool.copy_out_raw(&sql).await.unwrap();
    while events.try_next().await.unwrap().is_some() {}
}
