//! R25, R26: a gateway that holds answers and follows the feed. What is taken away holds in it from the acknowledgement on, as it
//! does on the nodes themselves (`gate_memory.rs`), with checks under way all the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use futures::future::join_all;
use gatebook::application::StatusChange;
use gatebook_aggregates::group::Role;
use gatebook_gateway_client::{Freshness, Gate, GateError, HttpNode, Settings};
use tokio::task::JoinHandle;

use super::gate_memory::Nodes;
use crate::soak::times;
use crate::support::eventually::eventually;
use crate::support::node::Options;
use crate::support::{World, on_both_databases};

on_both_databases! {
    r26_what_is_taken_away_or_given_is_so_in_every_gateway_from_its_acknowledgement_on,
    r26_a_token_that_was_revoked_or_is_over_is_refused_by_every_gateway_at_once,
    r26_a_gateway_within_a_bound_hears_of_what_is_taken_away_soon,
}

/// How often each kind of change is made in `make test`.
const ROUNDS: usize = 6;

/// A gateway in front of each node.
struct Gateways {
    nodes: Nodes,
    gates: Vec<Arc<Gate>>,
}

impl Gateways {
    async fn start(world: World, freshness: Freshness) -> Self {
        let nodes = Nodes::start(world, Options::default).await;
        let mut gates = Vec::new();
        for node in &nodes.nodes {
            let (id, secret) = &nodes.world.gateway;
            let settings = Settings {
                freshness,
                report_every: None,
                ..Settings::default()
            };
            let node = HttpNode::new(&node.base_url, id, secret).unwrap();
            gates.push(Arc::new(Gate::start(node, settings).await.unwrap()));
        }
        Self { nodes, gates }
    }

    async fn reasons(&self, token: &str) -> Vec<String> {
        join_all(self.gates.iter().map(|gate| reason(gate, token))).await
    }

    async fn refuse(&self, what: &str) {
        let reasons = self.reasons(&self.nodes.token).await;
        assert!(!reasons.iter().any(|reason| reason == "ok"), "{what}: {reasons:?}");
    }

    async fn accept(&self, what: &str) {
        let reasons = self.reasons(&self.nodes.token).await;
        assert!(reasons.iter().all(|reason| reason == "ok"), "{what}: {reasons:?}");
    }

    /// Checks until every gateway answers from what it holds.
    async fn hold(&self, token: &str) {
        for gate in &self.gates {
            let before = gate.counters().from_memory;
            while gate.counters().from_memory == before {
                reason(gate, token).await;
            }
        }
    }

    fn checks_go_on(&self) -> (Arc<AtomicBool>, Vec<JoinHandle<()>>) {
        let end = Arc::new(AtomicBool::new(false));
        let check = |gate: &Arc<Gate>| {
            let (gate, token, end) = (gate.clone(), self.nodes.token.clone(), end.clone());
            tokio::spawn(async move {
                while !end.load(Ordering::SeqCst) {
                    reason(&gate, &token).await;
                }
            })
        };
        let checking = self.gates.iter().map(check).collect();
        (end, checking)
    }
}

/// What a gateway says. One whose node cannot say in time, on a busy machine, is asked again.
async fn reason(gate: &Gate, token: &str) -> String {
    loop {
        match gate.check(token, "e1", "read").await {
            Ok(answer) => return answer.reason,
            Err(GateError::Late | GateError::Refused(503) | GateError::Unreachable(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

async fn r26_what_is_taken_away_or_given_is_so_in_every_gateway_from_its_acknowledgement_on(world: World) {
    let gateways = Gateways::start(world, Freshness::Guaranteed).await;
    let (nodes, token) = (&gateways.nodes, &gateways.nodes.token);
    let (end, checking) = gateways.checks_go_on();
    for round in 0..ROUNDS * times() {
        gateways.hold(token).await;
        nodes.change(StatusChange::Suspend).await;
        gateways.refuse("suspended").await;
        gateways.hold(token).await;
        nodes.change(StatusChange::Resume).await;
        gateways.accept("resumed").await;
        gateways.hold(token).await;
        nodes.assign(&["e2"]).await;
        gateways.refuse("the entity is not the application's").await;
        nodes.assign(&["e1", "e2"]).await;
        gateways.accept("the entity is the application's again").await;
        gateways.hold(token).await;
        nodes.group_has_entity(false).await;
        gateways.refuse("the entity is not the group's").await;
        nodes.group_has_entity(true).await;
        gateways.accept("the entity is the group's again").await;
        gateways.hold(token).await;
        nodes.world.plan("acme", "Acme Group", "AIQ2").await;
        gateways.refuse("off the plan").await;
        nodes.world.plan("acme", "Acme Group", "AIQ3").await;
        gateways.accept("on the plan").await;
        // What touches nothing changes nothing, and nothing that is held is asked again.
        gateways.hold(token).await;
        let name = format!("Ulf the {round}th");
        nodes.world.add_user("acme", "ulf", &name, Role::User).await;
        let asked: u64 = gateways.gates.iter().map(|gate| gate.counters().asked).sum();
        gateways.accept("a user was renamed").await;
        let asked_since = gateways.gates.iter().map(|gate| gate.counters().asked).sum::<u64>() - asked;
        assert_eq!(asked_since, 0);
    }
    end.store(true, Ordering::SeqCst);
    join_all(checking).await.into_iter().for_each(Result::unwrap);
}

async fn r26_a_token_that_was_revoked_or_is_over_is_refused_by_every_gateway_at_once(world: World) {
    let gateways = Gateways::start(world, Freshness::Guaranteed).await;
    let world = &gateways.nodes.world;
    let (end, checking) = gateways.checks_go_on();
    for round in 0..ROUNDS * times() {
        let token = gateways.nodes.new_token().await;
        gateways.hold(&token).await;
        // A token names the whole second in which it was issued.
        world.pass(TimeDelta::seconds(2));
        let reason = match round % 3 {
            0 => {
                gateways.nodes.give_back(&token).await;
                "token_revoked"
            }
            1 => {
                world.tokens_are_ended().await;
                "token_revoked"
            }
            _ => {
                world.pass(TimeDelta::hours(1));
                "token_expired"
            }
        };
        let reasons = gateways.reasons(&token).await;
        assert!(reasons.iter().all(|answered| answered == reason), "{reasons:?}");
    }
    end.store(true, Ordering::SeqCst);
    join_all(checking).await.into_iter().for_each(Result::unwrap);
}

async fn r26_a_gateway_within_a_bound_hears_of_what_is_taken_away_soon(world: World) {
    let gateways = Gateways::start(world, Freshness::Bounded(Duration::from_secs(60))).await;
    let token = &gateways.nodes.token;
    for change in [StatusChange::Suspend, StatusChange::Resume] {
        gateways.hold(token).await;
        gateways.nodes.change(change).await;
        let expected = if change == StatusChange::Suspend {
            "app_suspended"
        } else {
            "ok"
        };
        eventually("every gateway has heard of it", async || {
            let reasons = gateways.reasons(token).await;
            reasons.iter().all(|reason| reason == expected).then_some(())
        })
        .await;
    }
    for gate in &gateways.gates {
        gate.report().await.unwrap();
    }
    let answered: u64 = gateways.gates.iter().map(|gate| gate.counters().from_memory).sum();
    let mut counted = 0;
    for node in &gateways.nodes.nodes {
        let metrics = node.get("/metrics").await.expect(200).text();
        let lines = metrics
            .lines()
            .filter_map(|line| line.strip_prefix("gatebook_gateway_verdicts_total"));
        counted += lines
            .map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap())
            .sum::<u64>();
    }
    assert_eq!(counted, answered);
}
