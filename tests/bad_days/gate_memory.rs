//! R25, R26: nodes hold in memory what the gate decides by. A revocation holds on all of them from its acknowledgement on, and
//! a grant does, whatever they held before and however many checks are under way.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::TimeDelta;
use futures::future::join_all;
use gatebook::application::StatusChange;
use gatebook_aggregates::group::Role;
use gatebook_aggregates::identifiers::{AppId, EntityId, GroupId};
use gatebook_aggregates::integration_app::{Changes, EntitiesEdit};
use gatebook_aggregates::text::Label;
use reqwest::Method;
use serde_json::Value;
use sqlx::{Connection, Executor, Row, SqliteConnection};
use tokio::task::JoinHandle;

use crate::soak::times;
use crate::support::node::Options;
use crate::support::{Answer, Person, World, id, on_both_databases};

on_both_databases! {
    r26_what_is_taken_away_or_given_is_so_on_every_node_from_its_acknowledgement_on,
    r26_a_token_that_was_revoked_is_refused_by_every_node_at_once,
    r26_a_node_that_holds_nothing_decides_the_same,
}

/// How many nodes check, the one that is written to included.
const NODES: usize = 3;
/// How often each kind of change is made in `make test`.
const ROUNDS: usize = 8;

/// A running integration, and nodes that are asked about it.
pub(super) struct Nodes {
    pub(super) world: World,
    app: AppId,
    pub(super) client: (String, String),
    pub(super) token: String,
    pub(super) nodes: Vec<Person>,
}

impl Nodes {
    pub(super) async fn start(world: World, options: impl Fn() -> Options) -> Self {
        let (_, app, _, client) = world.running("Payroll Bridge").await;
        let token = world.access_token(&client).await;
        let mut nodes = vec![world.anybody()];
        while nodes.len() < NODES {
            let base_url = world.another_node_with(options()).await;
            nodes.push(Person {
                base_url,
                ..world.anybody()
            });
        }
        let app = id(&app).parse().unwrap();
        Self {
            world,
            app,
            client,
            token,
            nodes,
        }
    }

    /// What each node answers now: the reason's code.
    async fn answers(&self, token: &str) -> Vec<String> {
        join_all(self.nodes.iter().map(|node| reason(node, token))).await
    }

    /// Whoever begins a check now is refused, on every node.
    async fn refuse(&self, what: &str) {
        let answers = self.answers(&self.token).await;
        assert!(!answers.iter().any(|reason| reason == "ok"), "{what}: {answers:?}");
    }

    /// Whoever begins a check now passes, on every node.
    async fn accept(&self, what: &str) {
        let answers = self.answers(&self.token).await;
        assert!(answers.iter().all(|reason| reason == "ok"), "{what}: {answers:?}");
    }

    /// Checks without a pause on all nodes, so that memory is warm and questions are under way all the time.
    fn checks_go_on(&self) -> (Arc<AtomicBool>, Vec<JoinHandle<usize>>) {
        let end = Arc::new(AtomicBool::new(false));
        let check = |node: &Person| {
            let (node, token, end) = (node.clone(), self.token.clone(), end.clone());
            tokio::spawn(async move {
                let mut checks = 0;
                while !end.load(Ordering::SeqCst) {
                    reason(&node, &token).await;
                    checks += 1;
                }
                checks
            })
        };
        let checking = self.nodes.iter().map(check).collect();
        (end, checking)
    }

    /// Another access token of the integration.
    pub(super) async fn new_token(&self) -> String {
        let answer = self
            .oauth("/oauth/token", &[("grant_type", "client_credentials")])
            .await;
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }

    /// The integration revokes a token of its own.
    pub(super) async fn give_back(&self, token: &str) {
        self.oauth("/oauth/revoke", &[("token", token)]).await;
    }

    /// A node that cannot say in time, on a busy machine, is asked again.
    async fn oauth(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        loop {
            let answer = self.world.oauth(path, &self.client, form).await;
            if answer.status != 503 {
                return answer.expect(200);
            }
        }
    }

    pub(super) async fn change(&self, change: StatusChange) {
        let ada = self.world.as_user("acme", "ada").await;
        let gatebook = &self.world.gatebook;
        gatebook
            .change_status(&ada, self.app, None, None, change, None)
            .await
            .unwrap();
    }

    pub(super) async fn assign(&self, entities: &[&str]) {
        let ada = self.world.as_user("acme", "ada").await;
        let entities: BTreeSet<_> = entities.iter().map(|id| EntityId::parse(id).unwrap()).collect();
        let changes = Changes {
            entities: Some(EntitiesEdit::All(entities)),
            ..Changes::default()
        };
        self.world
            .gatebook
            .edit_app(&ada, self.app, None, None, changes)
            .await
            .unwrap();
    }

    pub(super) async fn group_has_entity(&self, has: bool) {
        let operator = self.world.as_operator();
        let (group, entity) = (GroupId::parse("acme").unwrap(), EntityId::parse("e1").unwrap());
        let gatebook = &self.world.gatebook;
        match has {
            true => {
                let name = Label::parse("name", "Entity E1").unwrap();
                gatebook
                    .put_entity(operator.operator().unwrap(), &group, entity, name)
                    .await
                    .unwrap();
            }
            false => {
                gatebook
                    .remove_entity(operator.operator().unwrap(), &group, entity)
                    .await
                    .unwrap();
            }
        }
    }
}

/// What a node answers. One that cannot say in time, on a busy machine, is asked again.
async fn reason(node: &Person, token: &str) -> String {
    let integration = Person {
        token: Some(token.to_owned()),
        ..node.clone()
    };
    let headers = [("x-entity-id", "e1"), ("x-api-access", "read")];
    loop {
        let answer = integration
            .send(Method::GET, "/gateway/authorize", None, &headers)
            .await;
        match (answer.status.as_u16(), answer.header("x-reason").as_str()) {
            (200, _) => return "ok".to_owned(),
            (_, "unavailable") => {}
            (_, reason) => return reason.to_owned(),
        }
    }
}

async fn r26_what_is_taken_away_or_given_is_so_on_every_node_from_its_acknowledgement_on(world: World) {
    let nodes = Nodes::start(world, Options::default).await;
    let (end, checking) = nodes.checks_go_on();
    changes(&nodes, ROUNDS * times()).await;
    end.store(true, Ordering::SeqCst);
    let checks: usize = join_all(checking).await.into_iter().map(Result::unwrap).sum();
    assert!(checks > ROUNDS, "{checks}");
}

async fn changes(nodes: &Nodes, rounds: usize) {
    nodes.accept("before").await;
    for round in 0..rounds {
        nodes.change(StatusChange::Suspend).await;
        nodes.refuse("suspended").await;
        nodes.change(StatusChange::Resume).await;
        nodes.accept("resumed").await;
        nodes.assign(&["e2"]).await;
        nodes.refuse("the entity is not the application's").await;
        nodes.assign(&["e1", "e2"]).await;
        nodes.accept("the entity is the application's again").await;
        nodes.group_has_entity(false).await;
        nodes.refuse("the entity is not the group's").await;
        nodes.group_has_entity(true).await;
        nodes.accept("the entity is the group's again").await;
        nodes.world.plan("acme", "Acme Group", "AIQ2").await;
        nodes.refuse("off the plan").await;
        nodes.world.plan("acme", "Acme Group", "AIQ3").await;
        nodes.accept("on the plan").await;
        // What touches nothing changes nothing.
        let name = format!("Ulf the {round}th");
        nodes.world.add_user("acme", "ulf", &name, Role::User).await;
        nodes.accept("a user was renamed").await;
    }
}

async fn r26_a_token_that_was_revoked_is_refused_by_every_node_at_once(world: World) {
    let nodes = Nodes::start(world, Options::default).await;
    let (end, checking) = nodes.checks_go_on();
    for round in 0..ROUNDS * times() {
        let token = nodes.new_token().await;
        assert_eq!(nodes.answers(&token).await, ["ok"; NODES]);
        // A token names the whole second in which it was issued.
        nodes.world.pass(TimeDelta::seconds(2));
        match round % 2 {
            0 => nodes.give_back(&token).await,
            _ => nodes.world.tokens_are_ended().await,
        }
        assert_eq!(nodes.answers(&token).await, ["token_revoked"; NODES]);
    }
    end.store(true, Ordering::SeqCst);
    assert!(join_all(checking).await.into_iter().all(|checks| checks.is_ok()));
}

async fn r26_a_node_that_holds_nothing_decides_the_same(world: World) {
    let without_memory = || Options {
        gate_memory_mib: 0,
        ..Options::default()
    };
    let nodes = Nodes::start(world, without_memory).await;
    changes(&nodes, 2).await;
}

/// What an asynchronous fail-over does: the end of the log is lost, and other events take its positions.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r26_what_was_held_of_a_lost_history_is_forgotten_although_another_has_the_same_positions() {
    let nodes = Nodes::start(World::on_sqlite().await, Options::default).await;
    nodes.assign(&["e2"]).await;
    nodes.refuse("the entity is not the application's").await;
    let before = Kept::of(&nodes.world).await;
    nodes.assign(&["e1", "e2"]).await;
    nodes.accept("it is for a moment").await;
    let position = nodes.world.number("select position from log_head").await;
    before.replaces_everything().await;
    nodes.world.add_user("acme", "ulf", "Ulf Renamed", Role::User).await;
    assert_eq!(nodes.world.number("select position from log_head").await, position);
    nodes.refuse("the fail-over lost it").await;
}

/// All tables of a database at one moment.
struct Kept {
    connection: SqliteConnection,
    tables: Vec<String>,
}

impl Kept {
    async fn of(world: &World) -> Self {
        let mut connection = SqliteConnection::connect(&world.database_url).await.unwrap();
        let copy = world
            .database_url
            .strip_prefix("sqlite://")
            .unwrap()
            .replace("gatebook.db", "kept.db");
        connection
            .execute(format!("vacuum into '{copy}'").as_str())
            .await
            .unwrap();
        connection
            .execute(format!("attach '{copy}' as kept").as_str())
            .await
            .unwrap();
        let tables = "select name from main.sqlite_master where type = 'table' and name not like 'sqlite%'";
        let tables = connection.fetch_all(tables).await.unwrap();
        let tables = tables.iter().map(|row| row.get(0)).collect();
        Self { connection, tables }
    }

    /// Whatever was committed since is lost.
    async fn replaces_everything(mut self) {
        let triggers = "select name, sql from main.sqlite_master where type = 'trigger'";
        let triggers: Vec<Value> = {
            let rows = self.connection.fetch_all(triggers).await.unwrap();
            rows.iter()
                .map(|row| Value::from(vec![row.get::<String, _>(0), row.get(1)]))
                .collect()
        };
        let text = |trigger: &Value, column: usize| trigger[column].as_str().unwrap().to_owned();
        let mut script = "begin immediate;".to_owned();
        triggers
            .iter()
            .for_each(|trigger| script.push_str(&format!("drop trigger {};", text(trigger, 0))));
        for table in &self.tables {
            script.push_str(&format!(
                "delete from main.{table}; insert into main.{table} select * from kept.{table};"
            ));
        }
        triggers
            .iter()
            .for_each(|trigger| script.push_str(&format!("{};", text(trigger, 1))));
        script.push_str("commit");
        self.connection.execute(sqlx::raw_sql(&script)).await.unwrap();
        self.connection.close().await.unwrap();
    }
}
