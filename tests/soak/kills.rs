//! `kill -9` at any moment, of the program and of PostgreSQL, again and again, while clients command and check: nothing
//! that was acknowledged is lost, done twice, or decided otherwise afterwards.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};

use super::crowd::Crowd;
use super::nodes::Nodes;
use super::{seed, tell, times};
use crate::bad_days::installation::{Customer, Installation};
use crate::support::postgres_cluster::{Cluster, Server};

/// Between two kills so many commands are acknowledged, at most.
const COMMANDS: usize = 40;

/// What is killed.
#[derive(Clone, Copy, Debug)]
enum Victim {
    Node(usize),
    EveryNode,
    Database,
}
use Victim::{Database, EveryNode, Node};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_a_node_on_sqlite_is_killed() {
    let installation = Installation::on_sqlite();
    let victims = [Node(0), Node(0), Node(0), Node(0)];
    Kills::of(installation, 1, None).await.play(&victims).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_nodes_or_their_postgresql_are_killed() {
    let cluster = Cluster::new();
    let server = cluster.primary();
    server.carry_out("postgres", "create database gatebook").await;
    let installation = Installation::on(server.url("gatebook"));
    let victims = [Node(0), Node(1), EveryNode, Database];
    Kills::of(installation, 2, Some(&server)).await.play(&victims).await;
}

struct Kills<'a> {
    installation: Installation,
    database: Option<&'a Server>,
    nodes: Nodes,
    crowd: Crowd,
    random: StdRng,
}

impl<'a> Kills<'a> {
    async fn of(installation: Installation, count: usize, database: Option<&'a Server>) -> Self {
        let (nodes, seed) = (Nodes::start(&installation, count).await, seed());
        let customer = Customer::settle(&installation, nodes.one()).await;
        Self {
            crowd: Crowd::new(seed, &nodes.base_urls(), &customer),
            random: StdRng::seed_from_u64(seed),
            installation,
            database,
            nodes,
        }
    }

    async fn play(mut self, victims: &[Victim]) {
        let rounds = times();
        for round in 1..=rounds {
            let mut victims = victims.to_vec();
            victims.shuffle(&mut self.random);
            self.round(&victims).await;
            tell(&format!(
                "round {round} of {rounds}, {victims:?}: {}",
                self.crowd.seen.message()
            ));
        }
        self.crowd.looks_back(true).await;
        self.everything_is_there_once().await;
        self.installation.holds_together();
        self.nodes.stop().await;
    }

    /// All work; the victims are killed; all end what they have begun, and look back.
    async fn round(&mut self, victims: &[Victim]) {
        self.crowd.begins();
        for victim in victims {
            let commands = self.random.random_range(1..COMMANDS);
            self.crowd.seen.acknowledges(commands).await;
            // At any point of what is under way then.
            let moment = self.random.random_range(0..20_000);
            tokio::time::sleep(Duration::from_micros(moment)).await;
            self.kill(*victim).await;
        }
        self.crowd.seen.acknowledges(COMMANDS).await;
        self.crowd.looks_back(false).await;
        self.installation.holds_together();
    }

    async fn kill(&mut self, victim: Victim) {
        match victim {
            Node(node) => self.nodes.kill(node).await,
            EveryNode => {
                for node in 0..self.nodes.count() {
                    self.nodes.kill(node).await;
                }
            }
            Database => {
                let server = self.database.unwrap();
                server.kill();
                server.start_after_a_kill().await;
            }
        }
        let killed = match victim {
            Node(node) => node..node + 1,
            EveryNode => 0..self.nodes.count(),
            Database => 0..0,
        };
        for node in killed {
            if self.random.random_bool(0.3) {
                self.nodes
                    .start_in_vain(&self.installation, node, &mut self.random)
                    .await;
            }
            self.nodes.start_one(&self.installation, node).await;
        }
    }

    /// No command was carried out twice, however often it was sent.
    async fn everything_is_there_once(&self) {
        let (created, invited, still_invited) = self.crowd.created();
        for counted in [
            "select count(*) from app_list",
            "select count(*) from reservations where key like 'app_name:%'",
        ] {
            assert_eq!(self.installation.number(counted).await, created as i64, "{counted}");
        }
        // One that waits when its application is revoked is not sent any more.
        let emails = "select count(*) from outbox where kind = 'invitation'";
        let emails = self.installation.number(emails).await;
        assert!(
            (still_invited as i64..=invited as i64).contains(&emails),
            "{emails} invitations for {invited}"
        );
        let twice = "select count(*) from (select about from outbox where kind = 'invitation' \
                     group by about having count(*) > 1) twice";
        assert_eq!(self.installation.number(twice).await, 0);
    }
}
