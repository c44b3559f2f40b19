//! Connections to PostgreSQL that ended or fell silent while they lay in the pool: nobody is refused because of them.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use gatebook::store::{self, ConnectionPurpose, Database};
use gatebook_projections::sql::{Query, Value};

use crate::support::database;
use crate::support::eventually::eventually;
use crate::support::quiet_road::QuietRoad;

/// More than the program opens.
const MANY: usize = 40;

async fn one(database: &dyn Database) {
    let one = Query::new("select cast(1 as bigint)", []);
    assert_eq!(database.rows(one).await.unwrap(), [[Value::Int(1)]]);
}

/// Opens all connections that the program can have.
async fn warm_up(database: &dyn Database) {
    let asked = (0..MANY).map(|_| database.rows(Query::new("select cast(1 as bigint) from pg_sleep(0.1)", [])));
    let checked = (0..MANY).map(|_| database.gate_rows(Query::new("select cast(1 as bigint) from pg_sleep(0.1)", [])));
    let begun = (0..4).map(async |_| database.begin(ConnectionPurpose::Write).await.unwrap());
    let (.., begun) = tokio::join!(join_all(asked), join_all(checked), join_all(begun));
    for transaction in begun {
        transaction.commit().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_the_database_was_restarted_not_a_single_question_or_write_is_refused() {
    let url = database::new_postgres().await;
    let (here, outside) = (store::open(&url).await.unwrap(), store::open(&url).await.unwrap());
    warm_up(&*here).await;
    let others = "select cast(pid as bigint) from pg_stat_activity \
                  where datname = current_database() and pid <> pg_backend_pid()";
    let others: Vec<_> = outside.rows(Query::new(others, [])).await.unwrap().concat();
    assert!(others.len() >= 20, "{others:?}");
    let others: Vec<_> = others
        .into_iter()
        .map(|pid| format!("{pid:?}").replace(|c: char| !c.is_ascii_digit(), ""))
        .collect();
    let among = format!("from pg_stat_activity where pid in ({})", others.join(", "));
    let end_all = Query::new(format!("select count(pg_terminate_backend(pid)) {among}"), []);
    outside.rows(end_all).await.unwrap();
    eventually("end of all connections", async || {
        let left = outside.rows(Query::new(format!("select count(*) {among}"), [])).await;
        (left.unwrap() == [[Value::Int(0)]]).then_some(())
    })
    .await;
    for _ in 0..MANY {
        one(&*here).await;
        here.begin(ConnectionPurpose::Write)
            .await
            .unwrap()
            .commit()
            .await
            .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_who_hang_up_on_a_silent_database_leave_no_silent_connections_behind() {
    let (url, road) = (
        database::new_postgres().await,
        QuietRoad::to(&database::postgres_server()).await,
    );
    let database: Arc<dyn Database> = store::open(&road.through(&url)).await.unwrap();
    warm_up(&*database).await;
    road.hush();
    let asked = join_all((0..MANY).map(|_| one(&*database)));
    let begun = join_all((0..4).map(|_| database.begin(ConnectionPurpose::Write)));
    let hung_up = tokio::time::timeout(Duration::from_millis(500), async { tokio::join!(asked, begun) }).await;
    assert!(hung_up.is_err());
    road.resume_elsewhere();
    one(&*database).await;
    database
        .begin(ConnectionPurpose::Write)
        .await
        .unwrap()
        .commit()
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn however_many_look_at_snapshots_somebody_can_write() {
    let database = store::open(&database::new_postgres().await).await.unwrap();
    let mut snapshots = Vec::new();
    for _ in 0..4 {
        snapshots.push(database.begin(ConnectionPurpose::Snapshot).await.unwrap());
    }
    database
        .begin(ConnectionPurpose::Write)
        .await
        .unwrap()
        .commit()
        .await
        .unwrap();
    one(&*database).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_survive_a_crash_of_the_server_whatever_the_role_is_set_to() {
    let url = database::new_postgres().await;
    let (outside, name) = (store::open(&url).await.unwrap(), url.rsplit_once('/').unwrap().1);
    let mut transaction = outside.begin(ConnectionPurpose::Write).await.unwrap();
    let orders = [
        format!("alter database {name} set synchronous_commit = off"),
        format!("alter database {name} set default_transaction_isolation = 'serializable'"),
    ];
    for order in orders {
        transaction.script(&order).await.unwrap();
    }
    transaction.commit().await.unwrap();
    let here = store::open(&url).await.unwrap();
    let mut transaction = here.begin(ConnectionPurpose::Write).await.unwrap();
    let settings = "select current_setting('synchronous_commit'), current_setting('transaction_isolation')";
    let settings = transaction.rows(Query::new(settings, [])).await.unwrap();
    assert_eq!(settings, [[Value::from("on"), Value::from("read committed")]]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_the_server_ended_because_they_were_idle_cost_nobody_an_answer() {
    let url = database::new_postgres().await;
    let (outside, name) = (store::open(&url).await.unwrap(), url.rsplit_once('/').unwrap().1);
    let mut transaction = outside.begin(ConnectionPurpose::Write).await.unwrap();
    transaction
        .script(&format!("alter database {name} set idle_session_timeout = '300ms'"))
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    outside.close().await;
    drop(outside);
    let here = store::open(&url).await.unwrap();
    for _ in 0..2 {
        warm_up(&*here).await;
        let idle = format!(
            "select count(*) from pg_stat_activity where datname = '{name}' and pid <> pg_backend_pid() \
             and state = 'idle'"
        );
        let elsewhere = store::open(&database::postgres_server()).await.unwrap();
        eventually("end of the idle connections", async || {
            let left = elsewhere.rows(Query::new(idle.as_str(), [])).await.unwrap();
            matches!(left.concat().as_slice(), [Value::Int(..=1)]).then_some(())
        })
        .await;
        for _ in 0..MANY {
            one(&*here).await;
            here.gate_rows(Query::new("select cast(1 as bigint)", []))
                .await
                .unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_keeps_connections_known_on_the_way() {
    let database = store::open(&database::new_postgres().await).await.unwrap();
    let sql = "select current_setting('tcp_keepalives_idle')";
    let idle = database.rows(Query::new(sql, [])).await.unwrap();
    assert_eq!(idle, [[Value::from("60")]]);
}
