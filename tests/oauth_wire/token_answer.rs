//! What the token endpoint answers: RFC 6749 §5.1, §5.2 and §10.10.

use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use serde_json::json;

use super::asking::{Call, FORM_ENDPOINTS, GRANT, Integration, introspect, post_form, verify};
use crate::support::{World, on_both_databases};

async fn t24_t25_t26_a_token_is_answered_as_the_rfc_has_it(world: World) {
    let app = Integration::running(&world).await;
    let answer = world.token(&app.client).await.expect(200);
    assert_eq!(answer.header("content-type"), "application/json");
    answer.must_not_be_kept();
    let body = answer.json();
    assert!(body["token_type"].as_str().unwrap().eq_ignore_ascii_case("bearer"));
    assert_eq!(body["expires_in"].as_u64(), Some(3_600));
    assert!(body.get("refresh_token").is_none());
    let members: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, ["access_token", "token_type", "expires_in", "scope"]);
    assert_eq!(
        world.gate(body["access_token"].as_str().unwrap(), "e1", "write").await,
        "ok"
    );
}

async fn t25_a_token_does_not_end_before_its_client_expects_it(world: World) {
    let app = Integration::running(&world).await;
    world.pass(TimeDelta::milliseconds(999));
    let token = world.access_token(&app.client).await;
    world.pass(TimeDelta::seconds(3_600) - TimeDelta::milliseconds(1));
    assert_eq!(world.gate(&token, "e1", "read").await, "ok");
    world.pass(TimeDelta::seconds(1));
    assert_eq!(world.gate(&token, "e1", "read").await, "token_expired");
}

on_both_databases! { t24_t25_t26_a_token_is_answered_as_the_rfc_has_it, t25_a_token_does_not_end_before_its_client_expects_it }

#[tokio::test]
async fn t27_our_choice_refusals_may_not_be_kept_by_a_cache_either() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    for path in FORM_ENDPOINTS {
        post_form(&world, path, &[]).await.must_not_be_kept();
        world
            .oauth(path, &app.client, &[("grant_type", "garbage")])
            .await
            .must_not_be_kept();
        world.anybody().get(path).await.must_not_be_kept();
    }
}

#[tokio::test]
async fn t28_nothing_of_the_request_is_echoed() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let marker = "<zzmarkerzz>";
    let wrong = (marker.to_owned(), marker.to_owned());
    for path in FORM_ENDPOINTS {
        let answers = [
            world.oauth(path, &wrong, &[GRANT, ("token", marker)]).await,
            world.oauth(path, &app.client, &[("grant_type", marker)]).await,
            world.oauth(path, &app.client, &[GRANT, ("scope", marker)]).await,
            world.oauth(path, &app.client, &[GRANT, ("client_id", marker)]).await,
            world
                .oauth(&format!("{path}?token={marker}"), &app.client, &[GRANT])
                .await,
            world
                .oauth(path, &app.client, &[GRANT, (marker, marker), (marker, marker)])
                .await,
            post_form(&world, path, &[GRANT, ("client_id", marker), ("client_secret", marker)]).await,
        ];
        for answer in answers {
            assert!(!answer.as_sent().contains("zzmarkerzz"), "{}", answer.as_sent());
        }
    }
}

#[tokio::test]
async fn t29_tokens_and_secrets_carry_256_bits_that_nobody_can_guess() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let secret = app.client.1.strip_prefix("gbs_").unwrap();
    assert!(secret.len() >= 43, "43 base62 characters hold 256 bits");
    assert!(secret.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    let mut tokens = HashSet::new();
    for _ in 0..20 {
        let token = world.access_token(&app.client).await;
        let bytes = URL_SAFE_NO_PAD.decode(token.strip_prefix("gbt_").unwrap()).unwrap();
        let mac = bytes[bytes.len() - 32..].to_vec();
        assert!(tokens.insert(mac), "two tokens with the same MAC");
    }
}

#[tokio::test]
async fn t29_a_token_that_was_altered_in_any_character_opens_nothing() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let token = world.access_token(&app.client).await;
    let altered: Vec<String> = (0..token.len())
        .map(|at| {
            let other = if token.as_bytes()[at] == b'A' { "B" } else { "A" };
            format!("{}{other}{}", &token[..at], &token[at + 1..])
        })
        .chain([
            format!("{token}="),
            format!("{token}A"),
            token[..token.len() - 1].to_owned(),
            format!("{token}{token}"),
        ])
        .collect();
    for some in altered.chunks(100) {
        let checks: Vec<_> = some.iter().map(|token| Call::reading(token).json()).collect();
        let answer = verify(&world, &json!({"checks": checks})).await.expect(200).json();
        for (token, result) in some.iter().zip(answer["results"].as_array().unwrap()) {
            assert!(
                ["token_malformed", "token_invalid"].contains(&result["reason"].as_str().unwrap()),
                "{token} {result}"
            );
        }
    }
    for token in altered.iter().step_by(7) {
        assert_eq!(
            introspect(&world, token).await.expect(200).text(),
            r#"{"active":false}"#
        );
    }
}

#[tokio::test]
async fn t31_tokens_and_secrets_have_the_sizes_that_are_documented() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let token = world.access_token(&app.client).await;
    let (id, secret) = &app.client;
    let documented = [
        format!(
            "Client ids have {} characters, client secrets {}.",
            id.len(),
            secret.len()
        ),
        format!("`gbt_` and {} more characters", token.len() - "gbt_".len()),
    ];
    let docs = world.anybody().get("/openapi.json").await.expect(200).text();
    for words in documented {
        assert!(docs.contains(&words), "{words}");
    }
}
