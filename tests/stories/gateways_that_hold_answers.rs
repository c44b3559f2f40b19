//! Gateways that hold answers: what they are told, and what they tell.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use gatebook_gateway_client::{FeedAnswer, FeedKey};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, World, app_at, on_both_databases};

on_both_databases! {
    a_gateway_is_told_what_to_drop_of_what_it_holds,
    a_gateway_that_cannot_be_told_what_happened_drops_everything,
    a_gateway_can_wait_for_what_it_has_to_drop,
    an_answer_says_how_long_it_may_be_kept,
    all_nodes_sign_with_one_key,
    what_gateways_answered_themselves_is_counted,
}

/// A resource server asks, or tells, and what is described is compared with what comes.
async fn gateway(world: &World, method: Method, path: &str, body: Option<Value>) -> Answer {
    use base64::Engine;
    let (id, secret) = &world.gateway;
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("{id}:{secret}"));
    let authorization = format!("Basic {basic}");
    world
        .anybody()
        .send(method, path, body, &[("authorization", &authorization)])
        .await
}

async fn feed(world: &World, query: &str) -> Value {
    let answer = gateway(world, Method::GET, &format!("/gateway/feed{query}"), None).await;
    answer.expect(200).json()
}

async fn feed_after(world: &World, place: &str) -> Value {
    feed(world, &format!("?after={place}")).await
}

/// The end of the log.
async fn here(world: &World) -> String {
    feed(world, "").await["to"].as_str().unwrap().to_owned()
}

async fn verify(world: &World, token: &str, entity: &str) -> Value {
    let check = json!({"token": token, "entity": entity, "access": "read"});
    let answer = gateway(world, Method::POST, "/gateway/verify", Some(check)).await;
    answer.expect(200).json()
}

fn nothing() -> Value {
    json!({"applications": [], "groups": [], "installations": [], "tokens": []})
}

async fn a_gateway_is_told_what_to_drop_of_what_it_holds(world: World) {
    let (ada, app, _, client) = world.running("Payroll").await;
    let token = world.access_token(&client).await;
    let begin = here(&world).await;
    let answer = feed_after(&world, &begin).await;
    assert_eq!((&answer["from"], &answer["to"]), (&json!(begin), &json!(begin)));
    assert_eq!((&answer["evict"], &answer["all"]), (&nothing(), &json!(false)));
    let number = begin.split_once('.').unwrap().0;
    let position = world.number("select position from log_head").await;
    assert_eq!(number, position.to_string());

    // What takes no right away is behind the place, too.
    ada.patch(&app_at(&app, ""), json!({"description": "Another one."}))
        .await
        .done();
    let answer = feed_after(&world, &begin).await;
    assert_eq!((&answer["evict"], &answer["all"]), (&nothing(), &json!(false)));
    assert_ne!(answer["to"], answer["from"]);

    ada.post(&app_at(&app, "/suspend"), json!({})).await.done();
    let suspended = feed_after(&world, &begin).await;
    let mut evict = nothing();
    evict["applications"] = json!([app["id"]]);
    assert_eq!((&suspended["evict"], &suspended["all"]), (&evict, &json!(false)));
    ada.post(&app_at(&app, "/resume"), json!({})).await.done();
    world.plan("acme", "Acme Group", "AIQ2").await;
    world.plan("acme", "Acme Group", "AIQ3").await;
    world.oauth("/oauth/revoke", &client, &[("token", &token)]).await.done();
    let token_id = verify(&world, &token, "e1").await["token_id"].clone();
    evict["groups"] = json!(["acme"]);
    evict["tokens"] = json!([token_id]);
    assert_eq!(feed_after(&world, &begin).await["evict"], evict);
    // Whoever has heard of it is not told again.
    let heard = suspended["to"].as_str().unwrap();
    assert_eq!(feed_after(&world, heard).await["evict"], evict);
    let end = here(&world).await;
    assert_eq!(feed_after(&world, &end).await["evict"], nothing());
}

async fn a_gateway_that_cannot_be_told_what_happened_drops_everything(world: World) {
    let begin = here(&world).await;
    let (number, id) = begin.split_once('.').unwrap();
    let position: i64 = number.parse().unwrap();
    let of_another_history = format!("{position}.{}", id.chars().rev().collect::<String>());
    let not_yet = format!("{}.{id}", position + 1);
    for after in [
        "",
        "?after=",
        "?after=0.",
        &format!("?after={of_another_history}"),
        &format!("?after={not_yet}"),
    ] {
        let answer = feed(&world, after).await;
        assert_eq!(
            (&answer["all"], &answer["to"]),
            (&json!(true), &json!(begin)),
            "{after}"
        );
    }
    world.tokens_are_ended().await;
    assert_eq!(feed_after(&world, &begin).await["all"], true);
    for (query, code) in [
        ("?after=42", "invalid_after"),
        ("?after=x.y", "invalid_after"),
        ("?wait=21", "invalid_wait"),
        ("?wait=-1", "invalid_wait"),
        ("?wait=soon", "invalid_wait"),
        ("?afer=1.a", "unknown_field"),
        ("?wait=1&wait=2", "duplicate_field"),
    ] {
        let path = format!("/gateway/feed{query}");
        gateway(&world, Method::GET, &path, None).await.refused(422, code);
    }
    let bare = world
        .anybody()
        .get("/gateway/feed")
        .await
        .refused(401, "unauthenticated");
    assert!(bare.header("www-authenticate").starts_with("Basic realm=\""));
}

async fn a_gateway_can_wait_for_what_it_has_to_drop(world: World) {
    let (ada, app, _, _) = world.running("Payroll").await;
    let another = World::another_node(&world).await;
    let begin = here(&world).await;
    let started = Instant::now();
    let changing = async {
        // What takes nothing away ends no wait.
        ada.patch(&app_at(&app, ""), json!({"description": "Another one."}))
            .await
            .done();
        tokio::time::sleep(Duration::from_millis(600)).await;
        let ada = crate::support::Person {
            base_url: another,
            ..ada.clone()
        };
        ada.post(&app_at(&app, "/suspend"), json!({})).await.done();
    };
    let query = format!("?after={begin}&wait=20");
    let (told, ()) = tokio::join!(feed(&world, &query), changing);
    assert_eq!(told["evict"]["applications"], json!([app["id"]]));
    assert_eq!(told["from"], begin);
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());

    let end = told["to"].as_str().unwrap();
    let started = Instant::now();
    let quiet = feed(&world, &format!("?after={end}&wait=1")).await;
    assert_eq!((&quiet["evict"], &quiet["to"]), (&nothing(), &json!(end)));
    assert!(started.elapsed() >= Duration::from_secs(1));

    let started = Instant::now();
    let ending = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        world.gatebook.begin_draining();
    };
    let query = format!("?after={end}&wait=20");
    let (cut_short, ()) = tokio::join!(feed(&world, &query), ending);
    assert_eq!(cut_short["evict"], nothing());
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
}

async fn an_answer_says_how_long_it_may_be_kept(world: World) {
    let (_, app, developer, client) = world.running("Payroll").await;
    let token = world.access_token(&client).await;
    let ends = world.clock.now().plus(TimeDelta::hours(1)).to_string();
    for (entity, reason) in [("e1", "ok"), ("e3", "entity_not_assigned")] {
        let answer = verify(&world, &token, entity).await;
        let end = feed(&world, "").await;
        assert_eq!(
            (&answer["reason"], &answer["allowed"]),
            (&json!(reason), &json!(reason == "ok"))
        );
        assert_eq!(
            (&answer["as_of"], &answer["generation"]),
            (&end["to"], &end["generation"])
        );
        let place = format!("{}.{}", answer["position"], answer["event_id"].as_str().unwrap());
        assert_eq!(answer["as_of"], place);
        assert_eq!((&answer["app_id"], &answer["group_id"]), (&app["id"], &json!("acme")));
        assert_eq!(answer["good_until"], ends);
    }
    // The secret ends before the token does.
    let path = format!("/portal/api/v1/apps/{}/client-secrets", app["id"].as_str().unwrap());
    let next = developer
        .post(&path, json!({"overlap_seconds": 600}))
        .await
        .expect(201)
        .json();
    assert_eq!(
        verify(&world, &token, "e1").await["good_until"],
        next["previous_ends_at"]
    );
    assert!(next["previous_ends_at"].as_str().unwrap() < ends.as_str());
    // Nothing is said of what is not genuine.
    assert_eq!(
        verify(&world, "nonsense", "e1").await,
        json!({"allowed": false, "reason": "token_malformed"})
    );
}

async fn all_nodes_sign_with_one_key(world: World) {
    let key = world.anybody().get("/gateway/feed-key").await.expect(200).json();
    assert_eq!((&key["kty"], &key["crv"]), (&json!("OKP"), &json!("Ed25519")));
    let other = world
        .http()
        .get(format!("{}/gateway/feed-key", world.another_node().await));
    assert_eq!(Answer::read(other.send().await.unwrap()).await.json(), key);
    let begin = here(&world).await;
    world
        .add_user("acme", "ulf", "Ulf Renamed", gatebook_aggregates::group::Role::User)
        .await;
    world.plan("acme", "Acme Group", "AIQ2").await;
    let answer = feed_after(&world, &begin).await;
    assert_eq!(answer["key_id"], key["kid"]);
    let read = |answer: &Value| -> FeedAnswer { serde_json::from_value(answer.clone()).unwrap() };
    let key: FeedKey = serde_json::from_value(key).unwrap();
    assert!(read(&answer).is_signed_with(&key));
    for (member, forged) in [
        ("from", json!(null)),
        ("to", json!(begin)),
        ("evict", nothing()),
        ("all", json!(true)),
        ("generation", json!(99)),
        ("at", json!("2026-11-23T09:15:00.001Z")),
    ] {
        let mut other = answer.clone();
        other[member] = forged;
        assert!(!read(&other).is_signed_with(&key), "{member}");
    }
}

async fn what_gateways_answered_themselves_is_counted(world: World) {
    let (_, app, _, _) = world.running("Payroll").await;
    let report = |checks: Value| {
        gateway(
            &world,
            Method::POST,
            "/gateway/usage",
            Some(json!({ "checks": checks })),
        )
    };
    let checks = |reason: &str, count: i64| json!({"app_id": app["id"], "entity": "e1", "access": "read", "reason": reason, "count": count});
    report(json!([checks("ok", 40), checks("ok", 2), checks("app_suspended", 7)]))
        .await
        .expect(204);
    report(json!([checks("ok", 1)])).await.expect(204);
    report(json!([])).await.expect(204);
    report(json!([checks("ok", 5), checks("because", 1)]))
        .await
        .refused(422, "invalid_reason");
    report(json!([checks("ok", -1)])).await.refused(422, "invalid_checks");
    let many = vec![json!({"app_id": "x", "reason": "ok", "count": 1}); 1_001];
    report(many.into()).await.refused(422, "too_many_checks");
    world
        .anybody()
        .post("/gateway/usage", json!({"checks": []}))
        .await
        .refused(401, "unauthenticated");
    let metrics = world.anybody().get("/metrics").await.expect(200).text();
    for line in [
        r#"gatebook_gateway_verdicts_total{reason="ok"} 43"#,
        r#"gatebook_gateway_verdicts_total{reason="app_suspended"} 7"#,
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line}");
    }
}
