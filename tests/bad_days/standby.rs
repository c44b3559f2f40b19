//! R26 in a fail-over: the primary is stopped, its standby promoted, and the old primary comes back as a standby, behind an
//! address that is moved only later. Nobody decides from it, and nobody has to be restarted.

use std::sync::Arc;

use gatebook::application::Gatebook;
use gatebook::store::{self, Database};
use gatebook_projections::sql::Query;
use reqwest::Method;
use serde_json::json;
use sqlx::postgres::PgPoolOptions;
use tempfile::TempDir;

use crate::support::eventually::eventually;
use crate::support::moving_address::MovingAddress;
use crate::support::node::{self, Options};
use crate::support::postgres_cluster::{Cluster, Server};
use crate::support::{APPS, Person, World, app_at};

/// How many revocations are acknowledged on each side of the moment in which the address is moved.
const REVOCATIONS: usize = 150;

/// A primary, its standby, and a database on both.
struct Pair {
    old: Server,
    new: Server,
    /// Last, so that the servers are stopped first.
    _cluster: Cluster,
}

impl Pair {
    async fn start() -> Self {
        let cluster = Cluster::new();
        let old = cluster.primary();
        old.carry_out("postgres", "create database gatebook").await;
        let new = cluster.standby_of(&old);
        Self {
            old,
            new,
            _cluster: cluster,
        }
    }

    /// From now on nothing is acknowledged that the standby does not have.
    async fn is_synchronous(&self) {
        let everybody = "alter system set synchronous_standby_names = '*'";
        self.old.carry_out("gatebook", everybody).await;
        self.old.carry_out("gatebook", "select pg_reload_conf()").await;
    }

    /// The standby becomes the primary, and the primary its standby, which stays as far behind as it is now.
    async fn switch_over(&self) {
        self.old.stop();
        self.new.promote();
        self.old.follow(&self.new);
        self.old.start();
        self.old.carry_out("gatebook", "select pg_wal_replay_pause()").await;
    }
}

/// A node on a database.
struct Node {
    base_url: String,
    _gatebook: Arc<Gatebook>,
    _folder: TempDir,
}

impl Node {
    async fn on(world: &World, url: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (base_url, gatebook, _) = node::start(&folder, url, &world.clock, Options::default()).await;
        Self {
            base_url,
            _gatebook: gatebook,
            _folder: folder,
        }
    }

    fn person(&self, person: &Person) -> Person {
        Person {
            base_url: self.base_url.clone(),
            ..person.clone()
        }
    }
}

/// The status that a gateway is answered with.
async fn gate(anybody: &Person, token: &str) -> u16 {
    let integration = Person {
        token: Some(token.to_owned()),
        ..anybody.clone()
    };
    let headers = [("x-entity-id", "e1"), ("x-api-access", "read")];
    let answer = integration.send(Method::GET, "/gateway/authorize", None, &headers);
    answer.await.status.as_u16()
}

async fn readiness(anybody: &Person) -> u16 {
    anybody.get("/readyz").await.status.as_u16()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r26_after_a_fail_over_no_node_decides_from_the_old_primary_that_is_a_standby_now() {
    let pair = Pair::start().await;
    let address = MovingAddress::leading_to(pair.old.port).await;
    let url = format!("postgres://gatebook@127.0.0.1:{}/gatebook", address.port);
    let world = World::on_database(url).await;
    let (ada, app, _, client) = world.running("Payroll Bridge").await;
    let token = world.access_token(&client).await;
    assert_eq!(gate(&ada, &token).await, 200);

    pair.switch_over().await;
    let other = Node::on(&world, &pair.new.url("gatebook")).await;
    let (here, there) = (ada.clone(), other.person(&ada));
    assert_eq!(gate(&there, &token).await, 200);

    let mut late = 0;
    for _ in 0..REVOCATIONS {
        there.post(&app_at(&app, "/suspend"), json!({})).await.expect(200);
        late += usize::from(gate(&here, &token).await == 200);
        assert_eq!(readiness(&here).await, 503, "no command could be committed here");
        there.post(&app_at(&app, "/resume"), json!({})).await.expect(200);
        assert_eq!(gate(&here, &token).await, 403, "it cannot be decided here");
    }
    here.get(APPS).await.refused(503, "unavailable");

    address.move_to(pair.new.port);
    for _ in 0..REVOCATIONS {
        there.post(&app_at(&app, "/suspend"), json!({})).await.expect(200);
        late += usize::from(gate(&here, &token).await == 200);
        there.post(&app_at(&app, "/resume"), json!({})).await.expect(200);
    }
    assert_eq!(late, 0, "of {} revocations", 2 * REVOCATIONS);
    eventually("readiness", async || (readiness(&here).await == 200).then_some(())).await;
    // Nobody is answered by turns from the one and the other.
    for _ in 0..40 {
        assert_eq!(gate(&here, &token).await, 200);
    }
    here.post(&app_at(&app, "/suspend"), json!({})).await.expect(200);
    for anybody in [&here, &there] {
        assert_eq!(gate(anybody, &token).await, 401);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r26_after_a_fail_over_from_a_server_that_stood_still_nobody_decides_from_it_when_it_goes_on() {
    let pair = Pair::start().await;
    pair.is_synchronous().await;
    let address = MovingAddress::leading_to(pair.old.port).await;
    let url = format!("postgres://gatebook@127.0.0.1:{}/gatebook", address.port);
    let world = World::on_database(url).await;
    let (ada, app, _, client) = world.running("Payroll Bridge").await;
    let token = world.access_token(&client).await;
    assert_eq!(gate(&ada, &token).await, 200);

    pair.old.freeze();
    pair.new.promote();
    assert_eq!(gate(&ada, &token).await, 403, "nobody answers");
    address.move_to(pair.new.port);
    let other = Node::on(&world, &pair.new.url("gatebook")).await;
    let (here, there) = (ada.clone(), other.person(&ada));
    eventually("readiness", async || (readiness(&here).await == 200).then_some(())).await;
    for revocation in 0..REVOCATIONS {
        if revocation == REVOCATIONS / 3 {
            // It takes itself for the primary, and takes writes; what was connected to it still is.
            pair.old.thaw();
        }
        there.post(&app_at(&app, "/suspend"), json!({})).await.expect(200);
        assert_eq!(gate(&here, &token).await, 401, "revocation {revocation}");
        there.post(&app_at(&app, "/resume"), json!({})).await.expect(200);
        assert_eq!(gate(&here, &token).await, 200, "revocation {revocation}");
    }
    here.post(&app_at(&app, "/suspend"), json!({})).await.expect(200);
    assert_eq!(gate(&there, &token).await, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r26_a_node_that_nobody_asked_meanwhile_has_noticed_that_the_server_stood_still() {
    let pair = Pair::start().await;
    pair.is_synchronous().await;
    let address = MovingAddress::leading_to(pair.old.port).await;
    let url = format!("postgres://gatebook@127.0.0.1:{}/gatebook", address.port);
    let world = World::on_database(url).await;
    let (here, app, _, client) = world.running("Payroll Bridge").await;
    let token = world.access_token(&client).await;
    assert_eq!(gate(&here, &token).await, 200);

    pair.old.freeze();
    pair.new.promote();
    eventually("notice", async || world.database().reachable().is_err().then_some(())).await;
    address.move_to(pair.new.port);
    let other = Node::on(&world, &pair.new.url("gatebook")).await;
    other
        .person(&here)
        .post(&app_at(&app, "/suspend"), json!({}))
        .await
        .expect(200);
    eventually("notice", async || world.database().reachable().ok()).await;
    // It would say yes.
    pair.old.thaw();
    assert_eq!(gate(&here, &token).await, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_several_hosts_a_node_does_not_go_back_to_a_primary_that_was_replaced() {
    let pair = Pair::start().await;
    pair.is_synchronous().await;
    let hosts = format!("127.0.0.1:{},127.0.0.1:{}", pair.old.port, pair.new.port);
    let url = format!("postgres://gatebook@{hosts}/gatebook?target_session_attrs=read-write");
    let world = World::on_database(url).await;
    let (ada, _, _, client) = world.running("Payroll Bridge").await;
    let token = world.access_token(&client).await;
    pair.old.freeze();
    assert_eq!(gate(&ada, &token).await, 403, "nobody answers");
    pair.new.promote();
    eventually("readiness", async || (readiness(&ada).await == 200).then_some(())).await;
    assert_eq!(gate(&ada, &token).await, 200);

    // Both take writes now, and the one that may not be asked is the only one that answers.
    pair.old.thaw();
    pair.new.freeze();
    for _ in 0..40 {
        assert_eq!(gate(&ada, &token).await, 403, "nobody can decide");
    }
    assert_eq!(readiness(&ada).await, 503);
    pair.new.thaw();
    eventually("readiness", async || (readiness(&ada).await == 200).then_some(())).await;
    assert_eq!(gate(&ada, &token).await, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_several_hosts_a_node_leaves_a_primary_that_was_replaced_and_goes_on() {
    let pair = Pair::start().await;
    pair.is_synchronous().await;
    let hosts = format!("127.0.0.1:{},127.0.0.1:{}", pair.old.port, pair.new.port);
    let url = format!("postgres://gatebook@{hosts}/gatebook?target_session_attrs=read-write");
    let world = World::on_database(url).await;
    let (here, app, _, client) = world.running("Payroll Bridge").await;
    let token = world.access_token(&client).await;

    // As when the cluster's manager has died beside its server, which nobody tells that it is over.
    pair.new.promote();
    let other = Node::on(&world, &pair.new.url("gatebook")).await;
    let suspend = app_at(&app, "/suspend");
    other.person(&here).post(&suspend, json!({})).await.expect(200);
    eventually("decision by the new primary", async || {
        (gate(&here, &token).await == 401).then_some(())
    })
    .await;
    here.post(&app_at(&app, "/resume"), json!({})).await.expect(200);
    // Never again by the old one.
    for _ in 0..40 {
        assert_eq!(gate(&here, &token).await, 200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_several_hosts_in_the_url_a_node_finds_the_new_primary_by_itself() {
    let pair = Pair::start().await;
    let hosts = format!("127.0.0.1:{},127.0.0.1:{}", pair.old.port, pair.new.port);
    let url = format!("postgres://gatebook@{hosts}/gatebook?target_session_attrs=read-write");
    let world = World::on_database(url).await;
    let (ada, app, _, client) = world.running("Payroll Bridge").await;
    let token = world.access_token(&client).await;
    assert_eq!(gate(&ada, &token).await, 200);

    pair.switch_over().await;
    eventually("readiness", async || (readiness(&ada).await == 200).then_some(())).await;
    assert_eq!(gate(&ada, &token).await, 200);
    ada.post(&app_at(&app, "/suspend"), json!({})).await.expect(200);
    assert_eq!(gate(&ada, &token).await, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_was_made_read_only_is_not_decided_from_until_it_takes_writes_again() {
    let pair = Pair::start().await;
    let world = World::on_database(pair.old.url("gatebook")).await;
    let (ada, _, _, client) = world.running("Payroll Bridge").await;
    let token = world.access_token(&client).await;
    for _ in 0..2 {
        let fence = "alter system set default_transaction_read_only = on";
        pair.old.carry_out("gatebook", fence).await;
        pair.old.carry_out("gatebook", "select pg_reload_conf()").await;
        eventually("refusal", async || (gate(&ada, &token).await == 403).then_some(())).await;
        eventually("no readiness", async || (readiness(&ada).await == 503).then_some(())).await;
        ada.post(APPS, World::new_integration("Another Bridge"))
            .await
            .refused(503, "unavailable");
        pair.old
            .carry_out("gatebook", "alter system reset default_transaction_read_only")
            .await;
        pair.old.carry_out("gatebook", "select pg_reload_conf()").await;
        eventually("readiness", async || (readiness(&ada).await == 200).then_some(())).await;
        assert_eq!(gate(&ada, &token).await, 200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r26_the_first_question_to_a_server_that_was_made_read_only_is_refused_whatever_it_asks() {
    let cluster = Cluster::new();
    let server = cluster.primary();
    server.carry_out("postgres", "create database gatebook").await;
    let world = World::on_database(server.url("gatebook")).await;
    let (_, _, _, client) = world.running("Payroll Bridge").await;
    let token = world.access_token(&client).await;
    // What memory holds is not answered without a question, and what it does not hold is asked for.
    for gate_memory_mib in [64, 0] {
        let options = Options {
            gate_memory_mib,
            ..Options::default()
        };
        let node = Person {
            base_url: world.another_node_with(options).await,
            ..world.anybody()
        };
        let session = PgPoolOptions::new().max_connections(1);
        let session = session.connect(&server.url("gatebook")).await.unwrap();
        // Connections of the gate are open, and known to lead to a server that takes writes.
        assert_eq!(gate(&node, &token).await, 200);
        let fence = "alter system set default_transaction_read_only = on";
        server.carry_out("gatebook", fence).await;
        server.carry_out("gatebook", "select pg_reload_conf()").await;
        // Every session has heard of it, and none is lost.
        eventually("a fence", async || {
            let read_only: String = sqlx::query_scalar("show default_transaction_read_only")
                .fetch_one(&session)
                .await
                .unwrap();
            (read_only == "on").then_some(())
        })
        .await;
        assert_eq!(gate(&node, &token).await, 403);
        server
            .carry_out("gatebook", "alter system reset default_transaction_read_only")
            .await;
        server.carry_out("gatebook", "select pg_reload_conf()").await;
        eventually("an answer", async || (gate(&node, &token).await == 200).then_some(())).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_only_looks_may_look_at_a_standby() {
    let pair = Pair::start().await;
    let world = World::on_database(pair.old.url("gatebook")).await;
    world.ada().await;
    let standby = eventually("copy of the database", async || {
        let opened = store::open_existing(&pair.new.url("gatebook"), store::Server::Any).await;
        opened.ok()
    });
    let standby: Arc<dyn Database> = standby.await;
    assert!(
        !standby
            .rows(Query::new("select id from log_head", []))
            .await
            .unwrap()
            .is_empty()
    );
    let serving = store::open(&pair.new.url("gatebook")).await;
    let refused = serving.err().unwrap().to_string();
    assert!(refused.contains("takes no writes"), "{refused}");
}
