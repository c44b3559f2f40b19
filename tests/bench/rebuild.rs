//! Rebuilding: events per second, against `COPY` of the events out of the database, folding them, and `COPY` of their rows
//! into it.

use std::hint::black_box;
use std::time::{Duration, Instant};

use futures::TryStreamExt;
use gatebook::clock::Clock;
use gatebook::log::read;
use gatebook::replay::{self, Silent};
use gatebook_projections::projection::AnyProjection;
use gatebook_projections::recorded::StoredEvent;
use gatebook_projections::registry;
use gatebook_projections::sql::Query;
use sqlx::Executor;
use sqlx::postgres::{PgConnection, PgPoolCopyExt};

use super::median;
use super::setting::Setting;

const ROUNDS: usize = 3;
const TABLES: [&str; 3] = ["app_list", "portal_apps", "token_gate"];

/// Measures rebuilding of all read models of applications.
pub async fn measure(setting: &Setting) {
    let projections = TABLES.map(|name| registry::named(name).unwrap());
    let streams = streams(setting).await;
    let events: usize = streams.iter().map(Vec::len).sum();
    println!(
        "\nrebuild of {} read models from {events} events, against COPY out, fold and COPY in of the same",
        TABLES.len()
    );
    let mut connection = setting.connect().await;
    let (mut ours, mut limits) = (Vec::new(), Vec::new());
    let (mut folding, mut copying) = (Vec::new(), Vec::new());
    let all = (events * TABLES.len()) as f64;
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        for projection in &projections {
            let now = Clock::System.now();
            let rebuilt = replay::rebuild(&setting.gatebook.log.database, projection, now, &Silent);
            rebuilt.await.unwrap();
        }
        ours.push(all / begun.elapsed().as_secs_f64());
        let begun = Instant::now();
        for projection in &projections {
            copy(setting, &mut connection, projection.name).await;
        }
        let copied = begun.elapsed();
        let folded = fold(&projections, &streams);
        limits.push(all / (copied + folded).as_secs_f64());
        copying.push(copied.as_secs_f64());
        folding.push(folded.as_secs_f64());
    }
    let (ours, limit) = (median(ours), median(limits));
    println!(
        "rebuild [postgres]: {ours:.0} events/s = {:.2} of fold + COPY ({limit:.0} events/s)",
        ours / limit
    );
    println!(
        "    of which COPY takes {:.2} s and the fold {:.2} s",
        median(copying),
        median(folding)
    );
}

/// All streams of applications, in memory.
async fn streams(setting: &Setting) -> Vec<Vec<StoredEvent>> {
    let sql = format!(
        "{} where aggregate_type = 'IntegrationApp' order by aggregate_id, sequence",
        read::SELECT_EVENTS
    );
    let rows = setting.gatebook.database().rows(Query::new(sql, [])).await.unwrap();
    let events = read::events(rows).unwrap();
    events
        .chunk_by(|one, next| one.aggregate_id == next.aggregate_id)
        .map(<[_]>::to_vec)
        .collect()
}

fn fold(projections: &[AnyProjection], streams: &[Vec<StoredEvent>]) -> Duration {
    let begun = Instant::now();
    for projection in projections {
        for stream in streams {
            black_box(projection.fold_stream(stream).unwrap());
        }
    }
    begun.elapsed()
}

async fn copy(setting: &Setting, connection: &mut PgConnection, table: &str) {
    let pool = sqlx::PgPool::connect(&setting.database_url).await.unwrap();
    let out =
        "copy (select * from events where aggregate_type = 'IntegrationApp' order by aggregate_id, sequence) to stdout";
    let mut events = pool.copy_out_raw(out).await.unwrap();
    while events.try_next().await.unwrap().is_some() {}
    drop(events);
    connection.execute("drop table if exists copied").await.unwrap();
    connection
        .execute(format!("create table copied (like {table} including indexes)").as_str())
        .await
        .unwrap();
    let rows = pool.copy_out_raw(&format!("copy {table} to stdout")).await.unwrap();
    let rows: Vec<_> = rows.try_collect().await.unwrap();
    let mut copy_in = pool.copy_in_raw("copy copied from stdin").await.unwrap();
    for chunk in rows {
        copy_in.send(chunk.as_ref()).await.unwrap();
    }
    copy_in.finish().await.unwrap();
}
