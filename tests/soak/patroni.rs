//! Fail-overs as operators have them: Patroni moves the primary of a synchronous cluster from machine to machine, because
//! somebody asks for it, because PostgreSQL or a machine dies, and because a machine stands still for a while. What was
//! acknowledged stays, nothing is decided by an old state, and the service comes back by itself.

use std::time::{Duration, Instant};

use sqlx::{Connection, Executor, PgConnection};

use super::crowd::Crowd;
use super::nodes::Nodes;
use super::patroni_cluster::{Fault, PatroniCluster};
use super::watch::{Report, Watch};
use super::{seed, tell, times};
use crate::bad_days::installation::{Customer, Installation};
use crate::bad_days::integration::Integration;

/// One after the other, again and again.
const FAULTS: [Fault; 4] = [
    Fault::ServerKilled,
    Fault::MachineFrozen,
    Fault::SwitchOver,
    Fault::MachineKilled,
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it takes Patroni and some minutes: make soak"]
async fn nothing_acknowledged_is_lost_or_decided_late_when_patroni_fails_over() {
    let cluster = PatroniCluster::start().await;
    let mut first = PgConnection::connect(&any_primary(&cluster).await).await.unwrap();
    first.execute("create database gatebook").await.unwrap();
    first.close().await.unwrap();
    let installation = Installation::on(cluster.url("gatebook"));
    let mut failovers = FailOvers::of(installation, cluster).await;
    for (number, fault) in (1..=times()).zip(FAULTS.into_iter().cycle()) {
        failovers.play(number, fault).await;
    }
    failovers.end().await;
}

struct FailOvers {
    installation: Installation,
    cluster: PatroniCluster,
    nodes: Nodes,
    customer: Customer,
    crowd: Crowd,
    /// What each node is watched with.
    lasting: Vec<(Integration, String)>,
}

impl FailOvers {
    async fn of(installation: Installation, cluster: PatroniCluster) -> Self {
        let nodes = Nodes::start(&installation, 2).await;
        let customer = Customer::settle(&installation, nodes.one()).await;
        let mut lasting = Vec::new();
        for node in nodes.base_urls() {
            let integration = Integration::running(nodes.one(), &customer, &format!("Watched at {node}")).await;
            let token = integration.token(nodes.one()).await;
            lasting.push((integration, token));
        }
        Self {
            crowd: Crowd::new(seed(), &nodes.base_urls(), &customer),
            installation,
            cluster,
            nodes,
            customer,
            lasting,
        }
    }

    async fn play(&mut self, number: usize, fault: Fault) {
        let primary = self.cluster.is_whole().await;
        let watches = self.watches();
        self.crowd.begins();
        self.crowd.seen.acknowledges(50).await;

        let began = Instant::now();
        self.cluster.suffers(fault, &primary).await;
        let next = self.cluster.is_led_by_another_than(&primary).await;
        self.crowd.seen.acknowledges(50).await;
        let silence = self.crowd.seen.longest_silence(began);
        // With both: the one that was, and that does not know yet that it is no longer, and the one that is.
        self.cluster.recovers_from(fault, &primary);
        self.crowd.seen.acknowledges(50).await;
        self.cluster.is_whole().await;
        self.crowd.seen.acknowledges(50).await;

        let mut reports = Vec::new();
        for watch in watches {
            reports.push(watch.ends().await);
        }
        tell(&message(number, fault, &primary, &next, silence, &reports));
        tell(&self.crowd.seen.message());
        self.crowd.looks_back(false).await;
        self.installation.holds_together();
        for report in reports {
            assert_eq!(report.untrue, Vec::<String>::new(), "at {}", report.node);
        }
    }

    fn watches(&self) -> Vec<Watch> {
        let over = |(node, (integration, token)): (String, &(Integration, String))| {
            Watch::over(&node, &self.customer, &integration.app, token, &self.crowd.seen)
        };
        self.nodes
            .base_urls()
            .into_iter()
            .zip(&self.lasting)
            .map(over)
            .collect()
    }

    async fn end(mut self) {
        self.crowd.looks_back(true).await;
        self.installation.holds_together();
        self.nodes.stop().await;
    }
}

/// The figures of a fail-over, in a line for the clients and one for each node.
fn message(number: usize, fault: Fault, from: &str, to: &str, silence: Duration, reports: &[Report]) -> String {
    let seconds = |duration: Duration| format!("{:.1} s", duration.as_secs_f64());
    let mut message = format!(
        "fail-over {number}, {fault:?}, {from} to {to}: nothing acknowledged for {}",
        seconds(silence)
    );
    for report in reports {
        message.push_str(&format!(
            "\n  {}: gate undecided for {}, not ready for {}, no commands for {}, slowest /readyz {}",
            report.node,
            seconds(report.gate_away),
            seconds(report.unready),
            seconds(report.commands_away),
            seconds(report.slowest_readiness),
        ));
    }
    message
}

/// The URL of the server that takes writes; unlike Gatebook, this test's client of PostgreSQL knows one host only.
async fn any_primary(cluster: &PatroniCluster) -> String {
    let name = cluster.is_whole().await;
    cluster.url_of(&name, "postgres")
}
