//! Many at once, on one node and on two nodes of one database.

use std::sync::Arc;

use gatebook::throttle::ThrottleMode;
use gatebook_projections::sql::{Query, Value as Cell};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::Semaphore;

use crate::support::node::{self, Options};
use crate::support::{APPS, Answer, Person, World, app_at, on_both_databases, portal_at};

on_both_databases!(
    r6_of_many_who_want_a_name_in_different_letter_case_on_two_nodes_one_gets_it,
    twenty_edits_without_if_match_all_succeed_with_consecutive_versions,
    twenty_edits_on_two_nodes_all_succeed_with_consecutive_versions,
    of_twenty_edits_of_the_same_version_one_succeeds_and_the_others_learn_that_it_moved_on,
    of_twenty_edits_of_the_same_version_on_two_nodes_one_succeeds_and_the_others_learn_that_it_moved_on,
    an_edit_of_the_version_it_names_is_not_refused_because_the_group_changes_meanwhile,
    twenty_requests_with_one_idempotency_key_on_two_nodes_create_one_application,
    twenty_different_requests_with_one_idempotency_key_create_one_application,
);

/// A second node on the world's database. Its folder goes with it.
pub struct Node {
    base_url: String,
    _folder: TempDir,
}

impl Node {
    pub async fn beside(world: &World) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (base_url, ..) = node::start(&folder, &world.database_url, &world.clock, Options::default()).await;
        Self {
            base_url,
            _folder: folder,
        }
    }

    /// The same person, calling this node.
    pub fn person(&self, person: &Person) -> Person {
        Person {
            base_url: self.base_url.clone(),
            ..person.clone()
        }
    }
}

/// A request that is made together with others.
struct Asked {
    person: Person,
    method: Method,
    path: String,
    body: Value,
    header: Option<(&'static str, String)>,
}

/// How many requests are under way at any moment. Each takes two open files, of which a process may have 1,024.
const UNDER_WAY: usize = 200;

/// Makes all requests at once; the answers, in the same order.
async fn at_once(requests: impl IntoIterator<Item = Asked>) -> Vec<Answer> {
    let free = Arc::new(Semaphore::new(UNDER_WAY));
    let tasks: Vec<_> = requests
        .into_iter()
        .map(
            |Asked {
                 person,
                 method,
                 path,
                 body,
                 header,
             }| {
                let free = free.clone();
                tokio::spawn(async move {
                    let _turn = free.acquire().await.unwrap();
                    let header: Vec<_> = header.iter().map(|(name, value)| (*name, value.as_str())).collect();
                    person.send(method, &path, Some(body), &header).await
                })
            },
        )
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers
}

/// The answers that say that it was done; all others must be this refusal.
#[track_caller]
fn done_or(answers: Vec<Answer>, status: u16, code: &str) -> Vec<Value> {
    let (done, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status.is_success());
    for answer in refused {
        answer.refused(status, code);
    }
    done.iter().map(Answer::json).collect()
}

fn edit(person: &Person, app: &Value, number: usize, if_match: Option<String>) -> Asked {
    Asked {
        person: person.clone(),
        method: Method::PATCH,
        path: app_at(app, ""),
        body: json!({"description": format!("Description {number}.")}),
        header: if_match.map(|version| ("if-match", version)),
    }
}

fn creation(person: &Person, form: Value, key: Option<&str>) -> Asked {
    Asked {
        person: person.clone(),
        method: Method::POST,
        path: APPS.to_owned(),
        body: form,
        header: key.map(|key| ("idempotency-key", key.to_owned())),
    }
}

async fn r6_of_many_who_want_a_name_in_different_letter_case_on_two_nodes_one_gets_it(world: World) {
    let (node, ada) = (Node::beside(&world).await, world.ada().await);
    let pam = world.user("globex", "pam").await;
    for round in 0..5 {
        let before = world.traces().await;
        let spellings = [
            "Payroll Bridge",
            "PAYROLL BRIDGE",
            "payroll  bridge",
            " Payroll bridge ",
            "ＰＡＹＲＯＬＬ Bridge",
        ];
        let forms = spellings
            .iter()
            .map(|name| World::new_integration(&format!("{name} {round}")));
        let requests = forms.flat_map(|form| {
            let other = World::with(form.clone(), json!({"entities": ["g1"]}));
            [
                creation(&ada, form.clone(), None),
                creation(&node.person(&ada), form, None),
                creation(&node.person(&pam), other, None),
            ]
        });
        let created = done_or(at_once(requests).await, 409, "name_taken");
        assert_eq!(created.len(), 1, "{created:#?}");
        let after = world.traces().await;
        assert_eq!(
            (after.events, after.emails),
            (before.events + 2, before.emails + 1),
            "the losers are silent"
        );
    }
}

async fn twenty_edits_without_if_match_all_succeed_with_consecutive_versions(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll Bridge").await;
    let answers = at_once((0..20).map(|number| edit(&ada, &app, number, None))).await;
    consecutive(answers, &app);
}

async fn twenty_edits_on_two_nodes_all_succeed_with_consecutive_versions(world: World) {
    let (node, ada) = (Node::beside(&world).await, world.ada().await);
    let app = world.created(&ada, "Payroll Bridge").await;
    let people = [ada.clone(), node.person(&ada)];
    let edits = (0..20).map(|number| {
        let (person, app) = (people[number % 2].clone(), app.clone());
        tokio::spawn(async move {
            loop {
                let answer = at_once([edit(&person, &app, number, None)]).await.remove(0);
                if answer.status != 409 {
                    return answer;
                }
                // Whoever lost again and again is told to try again; that is rare, and nothing has happened.
                let again = answer.refused(409, "conflict").header("retry-after");
                assert_eq!(again, "1");
            }
        })
    });
    let edits: Vec<_> = edits.collect();
    let mut answers = Vec::new();
    for edit in edits {
        answers.push(edit.await.unwrap());
    }
    consecutive(answers, &app);
}

/// Each edit got the next version.
#[track_caller]
fn consecutive(answers: Vec<Answer>, app: &Value) {
    let answers = answers.into_iter().map(|answer| answer.expect(200));
    let mut versions: Vec<_> = answers
        .map(|answer| answer.json()["version"].as_i64().unwrap())
        .collect();
    versions.sort_unstable();
    let first = app["version"].as_i64().unwrap() + 1;
    assert_eq!(versions, (first..first + 20).collect::<Vec<_>>());
}

async fn of_twenty_edits_of_the_same_version_one_succeeds_and_the_others_learn_that_it_moved_on(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll Bridge").await;
    let version = ada.get(&app_at(&app, "")).await.expect(200).header("etag");
    let requests = (0..20).map(|number| edit(&ada, &app, number, Some(version.clone())));
    assert_eq!(done_or(at_once(requests).await, 412, "version_mismatch").len(), 1);
}

async fn of_twenty_edits_of_the_same_version_on_two_nodes_one_succeeds_and_the_others_learn_that_it_moved_on(
    world: World,
) {
    let (node, ada) = (Node::beside(&world).await, world.ada().await);
    let people = [ada.clone(), node.person(&ada)];
    for round in 0..5 {
        let app = world.created(&ada, &format!("Bridge {round}")).await;
        let version = ada.get(&app_at(&app, "")).await.expect(200).header("etag");
        let requests = (0..20).map(|number| edit(&people[number % 2], &app, number, Some(version.clone())));
        assert_eq!(done_or(at_once(requests).await, 412, "version_mismatch").len(), 1);
    }
}

async fn an_edit_of_the_version_it_names_is_not_refused_because_the_group_changes_meanwhile(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll Bridge").await;
    for round in 0..10 {
        let version = ada.get(&app_at(&app, "")).await.expect(200).header("etag");
        // Fewer than the tries that a command has.
        let renamings = (0..4).map(|entity| Asked {
            person: world.operator.clone(),
            method: Method::PUT,
            path: format!("/operator/api/v1/groups/acme/entities/x{entity}"),
            body: json!({"name": format!("Entity {round}")}),
            header: None,
        });
        let requests = renamings.chain([edit(&ada, &app, round, Some(version))]);
        for answer in at_once(requests).await {
            answer.done();
        }
    }
}

async fn twenty_requests_with_one_idempotency_key_on_two_nodes_create_one_application(world: World) {
    let (node, ada) = (Node::beside(&world).await, world.ada().await);
    let (before, people) = (world.traces().await, [ada.clone(), node.person(&ada)]);
    let form = World::new_integration("Payroll Bridge");
    let requests = (0..20).map(|number| creation(&people[number % 2], form.clone(), Some("k1")));
    let answers: Vec<_> = at_once(requests)
        .await
        .into_iter()
        .map(|answer| answer.expect(201).json())
        .collect();
    for answer in &answers {
        assert_eq!(answer["id"], answers[0]["id"]);
        assert_eq!(answer["version"], answers[0]["version"]);
        assert_eq!(answer["verification"]["otp"], answers[0]["verification"]["otp"]);
    }
    let after = world.traces().await;
    assert_eq!((after.events, after.emails), (before.events + 2, before.emails + 1));
}

async fn twenty_different_requests_with_one_idempotency_key_create_one_application(world: World) {
    let ada = world.ada().await;
    let forms = (0..20).map(|number| World::new_integration(&format!("Bridge {number}")));
    let answers = at_once(forms.map(|form| creation(&ada, form, Some("k1")))).await;
    assert_eq!(done_or(answers, 422, "idempotency_key_reused").len(), 1);
    assert_eq!(ada.get(APPS).await.expect(200).all("name").len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r15_a_thousand_guesses_at_once_count_as_exactly_five_on_sqlite() {
    a_thousand_guesses(World::on_sqlite_with(unthrottled()).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r15_a_thousand_guesses_at_once_count_as_exactly_five_on_postgres() {
    a_thousand_guesses(World::on_postgres_with(unthrottled()).await).await;
}

fn unthrottled() -> Options {
    Options {
        throttle: ThrottleMode::Off,
        ..Options::default()
    }
}

async fn a_thousand_guesses(world: World) {
    let folder = tempfile::tempdir().unwrap();
    let (other, ..) = node::start(&folder, &world.database_url, &world.clock, unthrottled()).await;
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll Bridge").await;
    let dev = world.signed_up("dev@example.com").await;
    let nodes = [
        dev.clone(),
        Person {
            base_url: other,
            ..dev.clone()
        },
    ];
    let guesses = (0..1_000).map(|number| Asked {
        person: nodes[number % 2].clone(),
        method: Method::POST,
        path: portal_at(&app, "/verify"),
        body: json!({"otp": format!("2222-{number:04}")}),
        header: None,
    });
    let mut left: Vec<_> = at_once(guesses)
        .await
        .into_iter()
        .filter(|answer| answer.status != 423)
        .map(|answer| {
            answer.refused(422, "otp_wrong").json()["attempts_left"]
                .as_i64()
                .unwrap()
        })
        .collect();
    left.sort_unstable();
    assert_eq!(left, [0, 1, 2, 3, 4]);
    let otp = app["verification"]["otp"].as_str().unwrap();
    for node in &nodes {
        node.post(&portal_at(&app, "/verify"), json!({"otp": otp}))
            .await
            .refused(423, "otp_locked");
    }
    let sql = "select count(*) from events where event_type = 'OneTimePasswordMistyped'";
    let counted = world.database().rows(Query::new(sql, [])).await.unwrap();
    assert_eq!(counted, [[Cell::Int(5)]]);
    let fresh = ada
        .post(&app_at(&app, "/developer/reset-otp"), json!({}))
        .await
        .expect(200)
        .json();
    let otp = fresh["verification"]["otp"].as_str().unwrap();
    nodes[1]
        .post(&portal_at(&app, "/verify"), json!({"otp": otp}))
        .await
        .expect(200);
}
