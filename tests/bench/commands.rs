//! Commands per second against pgbench: the same reads and writes, in one statement per command, without a lock that
//! gives gap-free positions.

use std::hint::black_box;
use std::process::Command;
use std::time::{Duration, Instant};

use cqrs_es::Aggregate;
use gatebook::log::read;
use gatebook_aggregates::integration_app::{IntegrationApp, IntegrationAppEvent};
use gatebook_projections::app_list::AppList;
use gatebook_projections::portal_apps::PortalApps;
use gatebook_projections::projection::Projection;
use gatebook_projections::recorded::Recorded;
use gatebook_projections::row::Row;
use gatebook_projections::sql::{Query, Value};
use gatebook_projections::token_gate::TokenGate;

use super::median;
use super::setting::Setting;

const SECONDS: u64 = 4;
const ROUNDS: usize = 3;
const PGBENCH: &str = include_str!("commands.sql");

/// Measures at 1, 8 and 32 callers.
pub async fn measure(setting: &Setting) {
    println!("\ncommands (create a New Integration) per second, against pgbench with one CTE per command");
    prepare(setting).await;
    let read_back = reading_back(setting).await;
    for callers in [1, 8, 32] {
        let (mut ours, mut limits) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            ours.push(commands_per_second(setting, callers).await);
            limits.push(pgbench(setting, callers));
        }
        let (ours, limit) = (median(ours), median(limits));
        let callers_are = if callers == 1 {
            "1 caller".to_owned()
        } else {
            format!("{callers} callers")
        };
        println!(
            "commands, {callers_are} [postgres]: {ours:.0}/s = {:.2} of one CTE per command ({limit:.0}/s)",
            ours / limit
        );
        if callers == 32 {
            println!(
                "  reading back what a command appends: {:.1} µs of the {:.1} µs that the writer has for one  = {:.3}",
                read_back * 1e6,
                1e6 / ours,
                read_back * ours
            );
        }
    }
}

/// Seconds that the writer takes to read back the events of a New Integration and its rows, which it could do without.
async fn reading_back(setting: &Setting) -> f64 {
    const TIMES: u32 = 20_000;
    setting.create().await;
    let newest =
        "select aggregate_id from events where aggregate_type = 'IntegrationApp' order by position desc limit 1";
    let rows = setting.gatebook.database().rows(Query::new(newest, [])).await.unwrap();
    let Some(Value::Text(id)) = rows.concat().into_iter().next() else {
        panic!("an id is text")
    };
    let stored = read::stream(setting.gatebook.database(), IntegrationApp::TYPE, &id)
        .await
        .unwrap();
    let stream: Vec<_> = stored
        .iter()
        .map(|event| event.read::<IntegrationApp>().unwrap())
        .collect();
    let values = (
        fold_values::<AppList>(&stream),
        fold_values::<PortalApps>(&stream),
        fold_values::<TokenGate>(&stream),
    );
    let begun = Instant::now();
    for _ in 0..TIMES {
        for event in &stored {
            black_box(event.read::<IntegrationApp>().unwrap());
        }
        black_box(AppList::row(values.0.clone()).unwrap());
        black_box(PortalApps::row(values.1.clone()).unwrap());
        black_box(TokenGate::row(values.2.clone()).unwrap());
    }
    begun.elapsed().as_secs_f64() / f64::from(TIMES)
}

fn fold_values<P: Projection<Aggregate = IntegrationApp>>(stream: &[Recorded<IntegrationAppEvent>]) -> Vec<Value> {
    stream.iter().fold(None, P::fold).unwrap().values()
}

async fn commands_per_second(setting: &Setting, callers: usize) -> f64 {
    let begun = Instant::now();
    let end = begun + Duration::from_secs(SECONDS);
    let one_caller = || async {
        let mut done = 0_u64;
        while Instant::now() < end {
            setting.create().await;
            done += 1;
        }
        done
    };
    let done: u64 = futures::future::join_all((0..callers).map(|_| one_caller()))
        .await
        .iter()
        .sum();
    done as f64 / begun.elapsed().as_secs_f64()
}

/// pgbench writes to tables of its own, made like ours, with their indexes.
async fn prepare(setting: &Setting) {
    use sqlx::Executor;

    let tables = [
        "events",
        "app_list",
        "portal_apps",
        "token_gate",
        "reservations",
        "outbox",
    ];
    let mut connection = setting.connect().await;
    for table in tables {
        let sql = format!("create table pgbench_{table} (like {table} including all)");
        connection.execute(sql.as_str()).await.unwrap();
    }
    connection.execute("create sequence pgbench_position").await.unwrap();
}

fn pgbench(setting: &Setting, callers: usize) -> f64 {
    let script = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(script.path(), PGBENCH).unwrap();
    let bindir = std::env::var("PG_BINDIR").expect("PG_BINDIR is set by tests/with-postgres");
    let output = Command::new(format!("{bindir}/pgbench"))
        .args(["--no-vacuum", "--protocol=prepared", "--jobs=1"])
        .arg(format!("--client={callers}"))
        .arg(format!("--time={SECONDS}"))
        .arg(format!("--file={}", script.path().display()))
        .arg(&setting.database_url)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text.lines().find(|line| line.starts_with("tps = "));
    let line = line.unwrap_or_else(|| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)));
    line.trim_start_matches("tps = ")
        .split(' ')
        .next()
        .unwrap()
        .parse()
        .unwrap()
}
