//! Every POST that makes or sends something happens once for an `Idempotency-Key`, and a repeat shows nothing that opens
//! nothing any more.

use chrono::TimeDelta;
use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::described::DOCUMENT;
use crate::support::{APPS, Answer, Person, World, app_at, on_both_databases, portal_at};

on_both_databases! {
    operators_make_a_users_token_once,
    operators_make_a_resource_server_once,
    operators_mail_a_password_link_once,
    r15_a_wrong_otp_that_is_repeated_by_its_key_costs_one_try,
    r19_a_code_is_mailed_once,
    r16_a_repeat_shows_no_otp_that_was_reset,
    r15_r17_a_repeat_shows_no_otp_that_was_locked_used_or_revoked,
    r23_a_repeat_shows_no_client_secret_that_was_retired,
    a_key_that_is_none_is_refused_with_what_to_send,
}

const TOKENS: &str = "/operator/api/v1/groups/acme/users/ada/tokens";
const SERVERS: &str = "/operator/api/v1/resource-servers";

async fn keyed(person: &Person, path: &str, body: Value, key: &str) -> Answer {
    let key = [("Idempotency-Key", key)];
    person.send(Method::POST, path, Some(body), &key).await
}

fn without(mut answer: Value, field: &str) -> Value {
    answer[field] = Value::Null;
    answer
}

async fn operators_make_a_users_token_once(world: World) {
    let make = async |name: &str| keyed(&world.operator, TOKENS, json!({"name": name}), "t-1").await;
    let first = make("build").await.expect(201).json();
    let before = world.traces().await;
    assert_eq!(make("build").await.expect(201).json(), first);
    make("another").await.refused(422, "idempotency_key_reused");
    let opens = async || {
        let token = Some(first["token"].as_str().unwrap().to_owned());
        world.person(token).get("/api/v1/me").await.status
    };
    assert_eq!(opens().await, 200);
    assert_eq!(world.traces().await, before);
    world.pass(TimeDelta::minutes(10));
    assert_eq!(make("build").await.expect(201).json(), without(first.clone(), "token"));

    let other = keyed(&world.operator, TOKENS, json!({"name": "build"}), "t-2")
        .await
        .expect(201)
        .json();
    let ended = format!("{TOKENS}/{}", other["id"].as_str().unwrap());
    world.operator.delete(&ended).await.expect(204);
    let repeated = keyed(&world.operator, TOKENS, json!({"name": "build"}), "t-2")
        .await
        .expect(201);
    assert_eq!(repeated.json(), without(other, "token"), "it has ended");

    let same = || keyed(&world.operator, TOKENS, json!({"name": "race"}), "t-3");
    let raced = join_all((0..4).map(|_| same())).await;
    let made: Vec<_> = raced.into_iter().map(|answer| answer.expect(201).json()).collect();
    assert!(made.iter().all(|one| *one == made[0]), "{made:#?}");
}

async fn operators_make_a_resource_server_once(world: World) {
    let make = async |name: &str| keyed(&world.operator, SERVERS, json!({"name": name}), "r-1").await;
    let servers = async || world.operator.get(SERVERS).await.expect(200).all("client_id").len();
    let before = servers().await;
    let first = make("gateway").await.expect(201).json();
    assert_eq!(make("gateway").await.expect(201).json(), first);
    make("another").await.refused(422, "idempotency_key_reused");
    assert_eq!(servers().await, before + 1);
    let id = first["client_id"].as_str().unwrap();
    world.operator.delete(&format!("{SERVERS}/{id}")).await.expect(204);
    let repeated = make("gateway").await.expect(201).json();
    assert_eq!(repeated, without(first, "client_secret"), "it has ended");
    assert_eq!(servers().await, before);
}

async fn operators_mail_a_password_link_once(world: World) {
    let path = "/operator/api/v1/groups/acme/users/ada/password-link";
    let send = async |key: &str| keyed(&world.operator, path, json!({}), key).await.expect(202);
    let before = world.traces().await;
    send("l-1").await;
    send("l-1").await;
    let after = world.traces().await;
    assert_eq!((after.emails, after.events), (before.emails + 1, before.events + 1));
    send("l-2").await;
    assert_eq!(world.traces().await.events, before.events + 2);
}

async fn r15_a_wrong_otp_that_is_repeated_by_its_key_costs_one_try(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    let dev = world.signed_up("dev@example.com").await;
    let verify =
        async |otp: &Value, key: &str| keyed(&dev, &portal_at(&app, "/verify"), json!({"otp": otp}), key).await;
    let left = |answer: Answer| answer.refused(422, "otp_wrong").json()["attempts_left"].clone();
    let wrong = json!("0000-0000");
    assert_eq!(left(verify(&wrong, "v-1").await), 4);
    assert_eq!(left(verify(&wrong, "v-1").await), 4);
    assert_eq!(left(verify(&wrong, "v-2").await), 3);
    assert_eq!(left(verify(&wrong, "v-1").await), 4, "the answer of then");
    let right = &app["verification"]["otp"];
    verify(right, "v-1").await.refused(422, "idempotency_key_reused");
    let first = verify(right, "v-3").await.expect(200).json();
    let before = world.traces().await;
    assert_eq!(verify(right, "v-3").await.expect(200).json(), first);
    verify(right, "v-4").await.refused(409, "already_verified");
    assert_eq!(world.traces().await, before);
}

async fn r19_a_code_is_mailed_once(world: World) {
    let ada = world.ada().await;
    world.created(&ada, "Payroll").await;
    let invite_token = world.last_mail_to("dev@example.com").await.invite_token();
    let body = json!({"invite_token": invite_token});
    let send = async |key: &str| keyed(&world.anybody(), "/portal/api/v1/sign-up/code", body.clone(), key).await;
    send("c-1").await.expect(202);
    let before = world.traces().await;
    send("c-1").await.expect(202);
    assert_eq!(world.traces().await, before);
    send("c-2").await.expect(202);
    assert_eq!(world.traces().await.events, before.events + 1);
    // The same word of somebody else, who has another link, is another key.
    let form = World::with(
        World::new_integration("Other"),
        json!({"developer_email": "eve@example.com"}),
    );
    ada.post(APPS, form).await.expect(201);
    let other = json!({"invite_token": world.last_mail_to("eve@example.com").await.invite_token()});
    keyed(&world.anybody(), "/portal/api/v1/sign-up/code", other, "c-1")
        .await
        .expect(202);
}

async fn r16_a_repeat_shows_no_otp_that_was_reset(world: World) {
    let ada = world.ada().await;
    let create = async || {
        keyed(&ada, APPS, World::new_integration("Payroll"), "a-1")
            .await
            .expect(201)
            .json()
    };
    let app = create().await;
    assert_eq!(create().await["verification"], app["verification"], "it opens");
    let path = app_at(&app, "/developer/reset-otp");
    let reset = async |key: &str| keyed(&ada, &path, json!({}), key).await.expect(200).json()["verification"].clone();
    let second = reset("o-1").await;
    assert_eq!(create().await["verification"], Value::Null, "it is dead");
    assert_eq!(reset("o-1").await, second, "it opens");
    let third = reset("o-2").await;
    assert_ne!(third["otp"], second["otp"]);
    assert_eq!(reset("o-1").await, Value::Null, "it is dead");
    // A resume, an edit or another event than these change nothing about it.
    ada.patch(&app_at(&app, ""), json!({"description": "New."}))
        .await
        .expect(200);
    ada.post(&app_at(&app, "/suspend"), json!({})).await.expect(200);
    assert_eq!(reset("o-2").await, third);
}

async fn r15_r17_a_repeat_shows_no_otp_that_was_locked_used_or_revoked(world: World) {
    let ada = world.ada().await;
    let create = async |name: &str| {
        keyed(&ada, APPS, World::new_integration(name), name)
            .await
            .expect(201)
            .json()
    };
    let used = create("Used").await;
    let dev = world.signed_up("dev@example.com").await;
    world.verified(&dev, &used).await;
    assert_eq!(create("Used").await["verification"], Value::Null);

    let locked = create("Locked").await;
    for left in (0..5).rev() {
        assert_eq!(create("Locked").await["verification"], locked["verification"]);
        let wrong = dev
            .post(&portal_at(&locked, "/verify"), json!({"otp": "0000-0000"}))
            .await;
        assert_eq!(wrong.expect(422).json()["attempts_left"], left);
    }
    assert_eq!(create("Locked").await["verification"], Value::Null);

    let revoked = create("Revoked").await;
    ada.post(&app_at(&revoked, "/revoke"), json!({})).await.expect(200);
    assert_eq!(create("Revoked").await["verification"], Value::Null);

    let unlinked = create("Unlinked").await;
    ada.post(&app_at(&unlinked, "/developer/revoke"), json!({}))
        .await
        .expect(200);
    assert_eq!(create("Unlinked").await["verification"], Value::Null);
}

async fn r23_a_repeat_shows_no_client_secret_that_was_retired(world: World) {
    let (_, app, dev, _) = world.running("Payroll").await;
    let path = portal_at(&app, "/client-secrets");
    let made = keyed(&dev, &path, json!({}), "s-1").await.expect(201).json();
    let retired = format!("{path}/{}", made["client_secret_id"].as_str().unwrap());
    dev.delete(&retired).await.expect(204);
    let repeated = keyed(&dev, &path, json!({}), "s-1").await.expect(201).json();
    assert_eq!(repeated, without(made, "client_secret"));
}

async fn a_key_that_is_none_is_refused_with_what_to_send(world: World) {
    let ada = world.ada().await;
    let before = world.traces().await;
    let long = "k".repeat(300);
    for key in ["", "   ", "two words", "k\ttab", long.as_str()] {
        let refused = keyed(&ada, APPS, World::new_integration("Payroll"), key)
            .await
            .expect(422);
        assert_eq!(
            refused.problems(),
            [("Idempotency-Key".to_owned(), "invalid_idempotency_key".to_owned())],
            "{key:?}"
        );
        assert!(
            refused
                .text()
                .contains("1 to 255 visible ASCII characters without spaces"),
            "{}",
            refused.text()
        );
    }
    let twice = [("Idempotency-Key", "a"), ("Idempotency-Key", "b")];
    let refused = ada
        .send(Method::POST, APPS, Some(World::new_integration("Payroll")), &twice)
        .await;
    assert_eq!(refused.expect(422).problems()[0].1, "invalid_idempotency_key");
    assert_eq!(world.traces().await, before);
    keyed(&ada, APPS, World::new_integration("Payroll"), &"k".repeat(255))
        .await
        .expect(201);
}

/// The names of the headers that a call takes.
fn headers(operation: &Value) -> Vec<&str> {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let headers = parameters.filter(|parameter| parameter["in"] == "header");
    headers.filter_map(|parameter| parameter["name"].as_str()).collect()
}

#[test]
fn every_post_takes_a_key_or_the_papers_say_why_not() {
    let papers = include_str!("../../docs/errors.md");
    let (_, exceptions) = papers.split_once("honours it, except:").unwrap();
    let mut keyed = 0;
    for (path, item) in DOCUMENT["paths"].as_object().unwrap() {
        let Some(post) = item.get("post") else { continue };
        let takes_one = headers(post).contains(&"Idempotency-Key");
        let is_excepted = exceptions.contains(&format!("`POST {path}`"));
        assert!(
            takes_one != is_excepted,
            "POST {path}: takes a key: {takes_one}, excepted: {is_excepted}"
        );
        keyed += usize::from(takes_one);
    }
    assert!(keyed >= 15, "{keyed}");
}

#[test]
fn every_change_of_what_has_a_version_takes_one() {
    let has_version = |path: &str| {
        let of_group = path.starts_with("/operator/api/v1/groups/") || path.starts_with("/api/v1/users/");
        of_group || path.contains("/integration-apps/{id}") || path.ends_with("/client-secrets/{secret_id}")
    };
    for (path, item) in DOCUMENT["paths"].as_object().unwrap() {
        for method in ["put", "patch", "delete", "post"] {
            let Some(operation) = item.get(method).filter(|_| has_version(path)) else {
                continue;
            };
            // A mail to a user changes nothing of the group.
            let is_mail = path.ends_with("/password-link");
            assert!(is_mail || headers(operation).contains(&"If-Match"), "{method} {path}");
        }
    }
}
