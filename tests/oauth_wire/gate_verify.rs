//! `POST /gateway/verify`, for gateways with a mind of their own: who may ask, and what they may send.

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use serde_json::{Value, json};

use super::asking::{Call, Integration, ask, post_as, verify};
use crate::support::{World, on_both_databases};

fn reasons(answer: &Value) -> Vec<&str> {
    let results = answer["results"].as_array().unwrap();
    results
        .iter()
        .map(|result| result["reason"].as_str().unwrap())
        .collect()
}

async fn several_checks_are_answered_in_their_order(world: World) {
    let app = Integration::running(&world).await;
    let token = world.access_token(&app.client).await;
    let call = Call::reading(&token);
    let checks = [
        call,
        Call {
            entity: Some("e5"),
            ..call
        },
        Call {
            token: Some("garbage"),
            ..call
        },
        Call {
            token: None,
            entity: None,
            access: None,
        },
        Call {
            access: Some("write"),
            ..call
        },
    ];
    let answer = verify(&world, &json!({"checks": checks.map(Call::json)}))
        .await
        .expect(200)
        .json();
    assert_eq!(
        reasons(&answer),
        ["ok", "entity_not_assigned", "token_malformed", "token_missing", "ok"]
    );
    for result in answer["results"].as_array().unwrap() {
        assert_eq!(result["allowed"], result["reason"] == "ok");
    }
}

#[tokio::test]
async fn one_check_is_answered_with_allowed_and_reason() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let token = world.access_token(&app.client).await;
    let answer = verify(&world, &Call::reading(&token).json()).await.expect(200);
    assert_eq!(answer.header("content-type"), "application/json");
    // What is said of the token and the log comes after it.
    let begins = r#"{"allowed":true,"reason":"ok","token_id":""#;
    assert!(answer.text().starts_with(begins), "{}", answer.text());
    let answer = verify(&world, &json!({"token": "x"})).await.expect(200).json();
    assert_eq!(answer, json!({"allowed": false, "reason": "token_malformed"}));
}

#[tokio::test]
async fn what_is_missing_or_null_in_a_check_has_its_own_reason() {
    let world = World::on_sqlite().await;
    let token = world.access_token(&Integration::running(&world).await.client).await;
    let asked = [
        (
            json!({"token": null, "entity": "e1", "access": "read"}),
            "token_missing",
        ),
        (json!({"entity": "e1"}), "token_missing"),
        (
            json!({"token": token, "entity": null, "access": "read"}),
            "entity_missing",
        ),
        (json!({"token": token, "entity": "e1"}), "access_not_permitted"),
    ];
    for (check, reason) in asked {
        assert_eq!(
            verify(&world, &check).await.expect(200).json()["reason"],
            reason,
            "{check}"
        );
    }
}

#[tokio::test]
async fn a_hundred_checks_are_answered_and_a_hundred_and_one_are_refused() {
    let world = World::on_sqlite().await;
    let token = world.access_token(&Integration::running(&world).await.client).await;
    let check = Call::reading(&token).json();
    let answer = verify(&world, &json!({"checks": vec![&check; 100]}))
        .await
        .expect(200)
        .json();
    assert_eq!(reasons(&answer), ["ok"; 100]);
    let refused = verify(&world, &json!({"checks": vec![&check; 101]}))
        .await
        .refused(422, "too_many_checks");
    assert_eq!(
        refused.problems(),
        [("checks".to_owned(), "too_many_checks".to_owned())]
    );
}

#[tokio::test]
async fn a_call_that_is_neither_one_check_nor_a_list_is_refused() {
    let world = World::on_sqlite().await;
    let both = json!({"token": "x", "checks": []});
    verify(&world, &both).await.refused(422, "invalid_checks");
    verify(&world, &json!({})).await.refused(422, "required");
    verify(&world, &json!({"token": "x", "entitty": "e1"}))
        .await
        .refused(422, "unknown_field");
    verify(&world, &json!({"checks": [{"token": "x", "entitty": "e1"}]}))
        .await
        .refused(422, "unknown_field");
    verify(&world, &json!({"token": 1})).await.refused(422, "invalid_token");
    verify(&world, &json!({"checks": {"token": "x"}}))
        .await
        .refused(422, "invalid_checks");
    verify(&world, &json!("x")).await.refused(400, "invalid_json");
    verify(&world, &json!([])).await.refused(400, "invalid_json");
}

#[tokio::test]
async fn a_body_that_is_no_json_or_too_large_is_refused() {
    let world = World::on_sqlite().await;
    let with = |content_type: &str, body: String| {
        ask(post_as(&world, "/gateway/verify", &world.gateway)
            .header(CONTENT_TYPE, content_type)
            .body(body))
    };
    with("application/json", "{".into()).await.refused(400, "invalid_json");
    with("application/json", "{}{}".into())
        .await
        .refused(400, "invalid_json");
    with("text/plain", "{}".into())
        .await
        .refused(415, "unsupported_media_type");
    let large = json!({"token": "x".repeat(64 * 1024)}).to_string();
    with("application/json", large).await.refused(413, "body_too_large");
}

async fn only_a_resource_server_may_ask(world: World) {
    let app = Integration::running(&world).await;
    let token = world.access_token(&app.client).await;
    let body = Call::reading(&token).json();
    let wrong_secret = (world.gateway.0.clone(), "wrong".to_owned());
    let unknown = ("unknown".to_owned(), world.gateway.1.clone());
    let nul = ("%00".to_owned(), "x".to_owned());
    for client in [
        &wrong_secret,
        &unknown,
        &nul,
        &app.client,
        &(String::new(), String::new()),
    ] {
        let answer = ask(post_as(&world, "/gateway/verify", client).json(&body))
            .await
            .refused(401, "unauthenticated");
        let challenges: Vec<_> = answer.headers.get_all(WWW_AUTHENTICATE).iter().collect();
        assert_eq!(challenges.len(), 1);
        assert!(answer.header("www-authenticate").starts_with("Basic realm=\""));
        assert!(!answer.text().contains("allowed"));
    }
    let bare = || world.request(Method::POST, "/gateway/verify").json(&body);
    ask(bare()).await.refused(401, "unauthenticated");
    for bearer in [
        token.as_str(),
        world.operator.token.as_ref().unwrap(),
        app.ada.token.as_ref().unwrap(),
    ] {
        ask(bare().bearer_auth(bearer)).await.refused(401, "unauthenticated");
    }
    let (id, secret) = &world.gateway;
    let twice = bare().basic_auth(id, Some(secret)).basic_auth(id, Some(secret));
    ask(twice).await.refused(401, "unauthenticated");
}

on_both_databases! {
    several_checks_are_answered_in_their_order,
    only_a_resource_server_may_ask,
}

#[tokio::test]
async fn who_may_not_ask_learns_nothing_from_what_they_send() {
    let world = World::on_sqlite().await;
    let wrong = (world.gateway.0.clone(), "wrong".to_owned());
    for body in ["{", "{}", "{\"unknown\": 1}"] {
        let request = post_as(&world, "/gateway/verify", &wrong).header(CONTENT_TYPE, "application/json");
        ask(request.body(body)).await.refused(401, "unauthenticated");
    }
}

#[tokio::test]
async fn other_methods_than_post_are_refused() {
    let world = World::on_sqlite().await;
    let (id, secret) = &world.gateway;
    for method in [Method::GET, Method::PUT, Method::PATCH, Method::DELETE] {
        let request = world.request(method, "/gateway/verify").basic_auth(id, Some(secret));
        let answer = ask(request.json(&json!({"token": "x"})))
            .await
            .refused(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), "POST");
    }
    ask(world
        .request(Method::HEAD, "/gateway/verify")
        .basic_auth(id, Some(secret)))
    .await
    .expect(405);
}

#[tokio::test]
async fn no_answer_may_be_kept_by_a_cache() {
    let world = World::on_sqlite().await;
    let answer = verify(&world, &json!({"token": "x"})).await.expect(200);
    assert_eq!(answer.header("cache-control"), "no-store");
}
