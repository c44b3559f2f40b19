//! Rebuilding: events per second, against `COPY` out of the events plus `COPY` in of the rows they fold to.

use std::time::Instant;

use futures::TryStreamExt;
use gatebook::clock::Clock;
use gatebook::replay::{self, Silent};
use gatebook_projections::registry;
use sqlx::postgres::{PgConnection, PgPoolCopyExt};
use sqlx::{Executor, Row};

use super::median;
use super::setting::Setting;

const ROUNDS: usize = 3;
const TABLES: [&str; 3] = ["app_list", "portal_apps", "token_gate"];

/// Measures rebuilding of all read models of applications.
pub async fn measure(setting: &Setting) {
    let mut connection = setting.connect().await;
    let counted = sqlx::query("select count(*) from events where aggregate_type = 'IntegrationApp'");
    let events: i64 = counted.fetch_one(&mut connection).await.unwrap().get(0);
    println!(
        "\nrebuild of {} read models from {events} events, against COPY out plus COPY in of the same rows",
        TABLES.len()
    );
    let (mut ours, mut limits) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        for name in TABLES {
            let projection = registry::named(name).unwrap();
            let rebuilt = replay::rebuild(
                &setting.gatebook.log.database,
                &projection,
                Clock::System.now(),
                &Silent,
            );
            rebuilt.await.unwrap();
        }
        ours.push(events as f64 * TABLES.len() as f64 / begun.elapsed().as_secs_f64());
        let begun = Instant::now();
        for name in TABLES {
            copy(setting, &mut connection, name).await;
        }
        limits.push(events as f64 * TABLES.len() as f64 / begun.elapsed().as_secs_f64());
    }
    let (ours, limit) = (median(ours), median(limits));
    println!(
        "rebuild [postgres]: {ours:.0} events/s = {:.2} of COPY out + COPY in ({limit:.0} events/s)",
        ours / limit
    );
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
        .execute(format!("create table copied (like {table})").as_str())
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
