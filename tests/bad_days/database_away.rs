//! The database goes away and comes back: nobody gets a wrong answer meanwhile, nothing is lost, and the process
//! recovers by itself.

use std::time::Duration;

use gatebook::replay::{Silent, verify};
use gatebook::store::{self, ConnectionPurpose};
use gatebook_projections::registry;
use gatebook_projections::sql::{Query, Value as Cell};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinHandle;

use crate::support::database::postgres_server;
use crate::support::eventually::eventually;
use crate::support::node::{self, Options};
use crate::support::proxy::Proxy;
use crate::support::quiet_road::QuietRoad;
use crate::support::world::PASSWORD;
use crate::support::{APPS, Answer, Person, World};

/// How long a caller may wait to be told that the database does not answer.
const PATIENCE: Duration = Duration::from_secs(40);

/// A node that reaches the world's database by a road of its own.
struct Node {
    base_url: String,
    _folder: TempDir,
}

impl Node {
    async fn at_the_end_of(world: &World, url: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (base_url, ..) = node::start(&folder, url, &world.clock, Options::default()).await;
        Self {
            base_url,
            _folder: folder,
        }
    }

    fn person(&self, person: &Person) -> Person {
        Person {
            base_url: self.base_url.clone(),
            ..person.clone()
        }
    }

    /// Waits until it serves again, by itself.
    async fn recovers(&self, anybody: &Person) {
        let anybody = self.person(anybody);
        eventually("recovery", async || {
            (anybody.get("/readyz").await.status == 200).then_some(())
        })
        .await;
    }
}

/// The answer of somebody whose database is away: try again later.
#[track_caller]
fn unavailable(answer: Answer) {
    let answer = answer.refused(503, "unavailable");
    assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
}

/// What the gate says to a gateway: status, and reason.
async fn authorized(person: &Person, token: &str) -> (u16, String) {
    let headers = [("x-entity-id", "e1"), ("x-api-access", "read")];
    let integration = Person {
        token: Some(token.to_owned()),
        ..person.clone()
    };
    let answer = integration
        .send(Method::GET, "/gateway/authorize", None, &headers)
        .await;
    (answer.status.as_u16(), answer.header("x-reason"))
}

async fn verified(world: &World, node: &Node, token: &str) -> Answer {
    let (id, secret) = &world.gateway;
    let url = format!("{}/gateway/verify", node.base_url);
    let check = json!({"token": token, "entity": "e1", "access": "read"});
    let request = reqwest::Client::new()
        .post(url)
        .basic_auth(id, Some(secret))
        .json(&check);
    Answer::read(request.send().await.unwrap()).await
}

async fn holds_together(world: &World) {
    let report = verify(&world.gatebook.log.database, &registry::all(), &Silent)
        .await
        .unwrap();
    assert!(report.all_equal(), "{report:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_database_is_away_requests_are_told_to_come_back_and_tokens_open_nothing() {
    let (world, road) = (World::on_postgres().await, Proxy::start().await);
    let node = Node::at_the_end_of(&world, &road.through(&world.database_url)).await;
    let (ada, app, dev, client) = world.running("Payroll Bridge").await;
    let token = world.access_token(&client).await;
    let (here, dev) = (node.person(&ada), node.person(&dev));
    let before = world.traces().await;
    assert_eq!(authorized(&here, &token).await.0, 200);
    assert_eq!(
        verified(&world, &node, &token).await.expect(200).json()["allowed"],
        true
    );
    for round in 0..2 {
        road.cut().await;
        unavailable(here.get(APPS).await);
        unavailable(here.post(APPS, World::new_integration("Another Bridge")).await);
        unavailable(
            here.patch(
                &format!("{APPS}/{}", app["id"].as_str().unwrap()),
                json!({"entities": []}),
            )
            .await,
        );
        unavailable(dev.get("/portal/api/v1/apps").await);
        let log_in = json!({"email": "dev@example.com", "password": PASSWORD});
        unavailable(dev.post("/portal/api/v1/session", log_in).await);
        unavailable(dev.get("/readyz").await);
        dev.get("/healthz").await.expect(200);
        assert_eq!(authorized(&here, &token).await, (403, "unavailable".to_owned()));
        unavailable(verified(&world, &node, &token).await);
        road.mend();
        node.recovers(&ada).await;
        eventually(&format!("open gate in round {round}"), async || {
            (authorized(&here, &token).await.0 == 200).then_some(())
        })
        .await;
    }
    assert_eq!(world.traces().await, before, "nothing that was refused has happened");
    eventually("creation", async || {
        let answer = here.post(APPS, World::new_integration("Another Bridge")).await;
        if answer.status == 503 {
            None
        } else {
            Some(answer.expect(201))
        }
    })
    .await;
    assert_eq!(ada.get(APPS).await.expect(200).all("name").len(), 2);
    holds_together(&world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_under_way_when_the_database_goes_away_happen_whole_or_not_at_all() {
    let (world, road) = (World::on_postgres().await, Proxy::start().await);
    let node = Node::at_the_end_of(&world, &road.through(&world.database_url)).await;
    let ada = node.person(&world.ada().await);
    let mut expected = 0;
    for round in 0..5 {
        let callers: Vec<_> = (0..8)
            .map(|caller| tokio::spawn(create_until_refused(ada.clone(), round, caller)))
            .collect();
        let sql = format!("select count(*) from app_list where name_key like 'bridge {round} %'");
        let created = async || (number(&world, &sql).await >= 10).then_some(());
        eventually("load", created).await;
        road.cut().await;
        let mut asked = Vec::new();
        for caller in callers {
            asked.extend(caller.await.unwrap());
        }
        road.mend();
        node.recovers(&ada).await;
        expected += asked.len() as i64;
        for (name, acknowledged) in asked {
            // The repeat tells what became of those that nobody knows of, and makes good what did not happen.
            let id = created_at_last(&ada, &name).await;
            assert!(acknowledged.is_none_or(|first| first == id), "{name}");
        }
    }
    for (what, sql) in [
        ("applications", "select count(*) from app_list"),
        (
            "creations",
            "select count(*) from events where event_type = 'NewIntegrationCreated'",
        ),
        ("outbox", "select count(*) from outbox"),
        ("names", "select count(*) from reservations where key like 'app_name:%'"),
        ("keys", "select count(*) from idempotency_keys"),
    ] {
        assert_eq!(number(&world, sql).await, expected, "{what}");
    }
    holds_together(&world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_could_not_log_in_because_the_database_was_away_has_not_failed() {
    let (world, road) = (World::on_postgres().await, Proxy::start().await);
    let node = Node::at_the_end_of(&world, &road.through(&world.database_url)).await;
    let (ada, _, dev, _) = world.running("Payroll Bridge").await;
    let here = node.person(&dev);
    let log_in = json!({"email": "dev@example.com", "password": PASSWORD});
    here.get("/portal/api/v1/apps").await.expect(200);
    road.cut().await;
    for _ in 0..11 {
        unavailable(here.post("/portal/api/v1/session", log_in.clone()).await);
    }
    road.mend();
    node.recovers(&ada).await;
    eventually("log-in", async || {
        let answer = here.post("/portal/api/v1/session", log_in.clone()).await;
        (answer.status != 503).then(|| answer.expect(200))
    })
    .await;
}

async fn create(ada: &Person, name: &str) -> Answer {
    let (form, key) = (Some(World::new_integration(name)), name.replace(' ', "-"));
    ada.send(Method::POST, APPS, form, &[("idempotency-key", &key)]).await
}

/// Creates one application after the other, until one is refused: names, and the ids of those that were acknowledged.
async fn create_until_refused(ada: Person, round: usize, caller: usize) -> Vec<(String, Option<Value>)> {
    let mut asked = Vec::new();
    for number in 0.. {
        let name = format!("Bridge {round} {caller} {number}");
        let answer = create(&ada, &name).await;
        if answer.status != 201 {
            unavailable(answer);
            asked.push((name, None));
            break;
        }
        asked.push((name, Some(answer.json()["id"].clone())));
    }
    asked
}

async fn number(world: &World, sql: &str) -> i64 {
    use gatebook_projections::sql::RowReader;

    let rows = world.database().rows(Query::new(sql, [])).await.unwrap();
    RowReader::new("number", rows.into_iter().next().unwrap())
        .int()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_the_database_ended_are_replaced_without_anybody_doing_anything() {
    let world = World::on_postgres().await;
    let ada = world.ada().await;
    for round in 0..3 {
        let end_all = "select count(pg_terminate_backend(pid)) from pg_stat_activity \
                       where datname = current_database() and pid <> pg_backend_pid()";
        number(&world, end_all).await;
        let name = format!("Bridge {round}");
        eventually("creation", async || {
            let answer = create(&ada, &name).await;
            if answer.status == 503 {
                None
            } else {
                Some(answer.expect(201))
            }
        })
        .await;
    }
    eventually("list", async || {
        let answer = ada.get(APPS).await;
        (answer.status == 200).then(|| assert_eq!(answer.all("name").len(), 3))
    })
    .await;
    holds_together(&world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_falls_silent_keeps_nobody_waiting_for_ever() {
    let (world, road) = (World::on_postgres().await, QuietRoad::to(&postgres_server()).await);
    let node = Node::at_the_end_of(&world, &road.through(&world.database_url)).await;
    let (ada, _, _, client) = world.running("Payroll Bridge").await;
    let token = world.access_token(&client).await;
    let here = node.person(&ada);
    let writers = writing(&world, &here).await;
    road.hush();
    let (created, listed, authorized) = within(PATIENCE, "somebody who asks", async {
        tokio::join!(
            create(&here, "Another Bridge"),
            here.get(APPS),
            authorized(&here, &token)
        )
    })
    .await;
    unavailable(created);
    unavailable(listed);
    assert_eq!(authorized, (403, "unavailable".to_owned()));
    let mut asked = Vec::new();
    for writer in writers {
        asked.extend(within(PATIENCE, "somebody who writes", writer).await.unwrap());
    }
    road.resume();
    node.recovers(&ada).await;
    for (name, acknowledged) in asked {
        let id = created_at_last(&here, &name).await;
        assert!(acknowledged.is_none_or(|first| first == id), "{name}");
    }
    created_at_last(&here, "Another Bridge").await;
    holds_together(&world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_database_is_known_to_be_silent_nobody_waits_for_it_and_one_task_looks() {
    let (world, road) = (World::on_postgres().await, QuietRoad::to(&postgres_server()).await);
    let node = Node::at_the_end_of(&world, &road.through(&world.database_url)).await;
    let (ada, _, _, client) = world.running("Payroll Bridge").await;
    let token = world.access_token(&client).await;
    let here = node.person(&ada);
    assert_eq!(authorized(&here, &token).await.0, 200);
    road.hush();
    assert_eq!(authorized(&here, &token).await, (403, "unavailable".to_owned()));
    let before = road.connections();
    let refused = async {
        for _ in 0..500 {
            assert_eq!(authorized(&here, &token).await, (403, "unavailable".to_owned()));
            unavailable(here.get(APPS).await);
            unavailable(here.post(APPS, World::new_integration("Another Bridge")).await);
        }
    };
    within(PATIENCE, "one of 1,500 who were to be refused at once", refused).await;
    // The task that looks does so again and again; of all the others nobody made a connection.
    let looked = road.connections() - before;
    assert!(looked < 150, "{looked} connections");
    road.resume();
    eventually("open gate", async || {
        (authorized(&here, &token).await.0 == 200).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_that_falls_silent_does_not_keep_the_other_nodes_waiting_for_ever() {
    let (world, road) = (World::on_postgres().await, QuietRoad::to(&postgres_server()).await);
    let ada = world.ada().await;
    let silent = store::open(&road.through(&world.database_url)).await.unwrap();
    let mut transaction = silent.begin(ConnectionPurpose::Write).await.unwrap();
    let patience = "select current_setting('idle_in_transaction_session_timeout')";
    let patience = transaction.rows(Query::new(patience, [])).await.unwrap();
    assert_eq!(patience, [[Cell::from("1min")]]);
    // A test need not wait as long as the product does.
    let shorter = "set local idle_in_transaction_session_timeout = '2s'";
    transaction.script(shorter).await.unwrap();
    let head = "select position from log_head for update";
    transaction.rows(Query::new(head, [])).await.unwrap();
    road.hush();
    let mut other = world.database().begin(ConnectionPurpose::Write).await.unwrap();
    other.script("set local lock_timeout = '10ms'").await.unwrap();
    let locked = other.rows(Query::new(head, [])).await.unwrap_err();
    assert!(
        locked.is_unavailable(),
        "the silent node holds the log's lock: {locked}"
    );
    drop(other);
    // PostgreSQL gives up on it; nobody has to do anything.
    within(PATIENCE, "another node", created_at_last(&ada, "Payroll Bridge")).await;
    road.resume();
    assert!(transaction.commit().await.is_err());
    holds_together(&world).await;
}

/// Four callers who write, one application after the other, until they are refused.
async fn writing(world: &World, ada: &Person) -> Vec<JoinHandle<Vec<(String, Option<Value>)>>> {
    let before = number(world, "select count(*) from app_list").await;
    let writers = (0..4)
        .map(|caller| tokio::spawn(create_until_refused(ada.clone(), 0, caller)))
        .collect();
    let written = async || (number(world, "select count(*) from app_list").await > before + 20).then_some(());
    eventually("load", written).await;
    writers
}

/// Creates, again and again as long as it is told to come back; the id.
async fn created_at_last(ada: &Person, name: &str) -> Value {
    loop {
        let answer = create(ada, name).await;
        if answer.status != 503 {
            return answer.expect(201).json()["id"].clone();
        }
        tokio::task::yield_now().await;
    }
}

async fn within<T>(bound: Duration, who: &str, what: impl Future<Output = T>) -> T {
    let done = tokio::time::timeout(bound, what).await;
    done.unwrap_or_else(|_| panic!("{who} still waits after {bound:?}"))
}
